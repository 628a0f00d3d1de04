# From CSV files of bench compare, up to two: how many times the other system's throughput.
high = 460
load charts . "/style.gp"
set datafile separator whitespace
set key top left
set logscale y 2
set ylabel "Grapevine's operations a second / the other's"
set xtics rotate by -20
set xrange [-0.5:*]
set offsets 0, 0.5, 0, 0
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead ls 9
second = ARGC > 1 ? ARG2 : ""
of(depth) = sprintf("< awk -v depth=%d -f %s/compare.awk %s %s", depth, charts, ARG1, second)
plot of(1) using ($0 - 0.15):2:3:4:xtic(1) with yerrorbars ls 1 ps 1 title "1 in flight on a connection", \
     of(16) using 0:2:3:4 with yerrorbars ls 2 ps 1 title "16", \
     of(64) using ($0 + 0.15):2:3:4 with yerrorbars ls 3 ps 1 title "64"
