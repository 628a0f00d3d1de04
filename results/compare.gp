# The chart of results/compare.md, from compare/*.csv: how many times the other system's throughput.
set terminal svg size 900,460 font "sans,13" background "white"
set output "compare.svg"
set grid ytics
set key top left
set logscale y 2
set ylabel "Grapevine's operations a second / the other's"
set xtics rotate by -20
set xrange [-0.5:*]
set offsets 0, 0.5, 0, 0
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead dt 2 lw 1.5
of(depth) = sprintf("< awk -v depth=%d -f compare.awk compare/redis.csv compare/etcd.csv", depth)
plot of(1) using ($0 - 0.15):2:3:4:xtic(1) with yerrorbars lw 2 pt 7 title "1 in flight on a connection", \
     of(16) using 0:2:3:4 with yerrorbars lw 2 pt 5 title "16", \
     of(64) using ($0 + 0.15):2:3:4 with yerrorbars lw 2 pt 9 title "64"
set terminal pngcairo size 900,460 font "sans,11" background "white"
set output "compare.png"
replot
