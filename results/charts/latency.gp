# Latency by percentile, from bench latency --percentiles: a curve for each rate.
load charts . "/style.gp"
set title "Latency at fixed rates, counted from when each operation was due"
set xlabel "percentile"
set ylabel "ms, logarithmic"
set logscale x
set logscale y
set grid xtics
set xrange [1:*]
set xtics ("0 %%" 1, "50 %%" 2, "90 %%" 10, "99 %%" 100, "99.9 %%" 1000, "99.99 %%" 10000, \
           "99.999 %%" 100000)
set key top left reverse Left
set format y "%g"
names = system("awk -F, '!/^#/ && $1 != \"load\" && !seen[$1]++ { print substr($1, 6) }' " . ARG1)
plot for [i = 1:words(names)] rows(ARG1, "rate " . word(names, i)) using 3:($4 / 1000.0) \
    with lines ls i title word(names, i) . " operations a second"
