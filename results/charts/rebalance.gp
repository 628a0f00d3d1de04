# Throughput and p99 of the phases of bench rebalance --csv, in their order.
high = 520
load charts . "/style.gp"
set multiplot layout 2,1
set xrange [-1:*]
set yrange [0:*]
set boxwidth 0.8
set offsets 0, 0.6, graph 0.06, 0
set key outside top center horizontal maxrows 1
set xtics rotate by 35 right
phase = "< awk -F, '!/^#/ && $1 != \"phase\"' " . ARG1
is(name, value) = (strcol(1) eq name ? value : NaN)

set title "Throughput while nothing moves, while a node joins, and while it leaves"
set ylabel "operations a second"
set format y "%.0f"
plot phase using 0:(is("steady", $8)):xtic(strcol(1) . " " . strcol(2)) with boxes ls 6 title "steady", \
     phase using 0:(is("join", $8)) with boxes ls 1 title "a node joins", \
     phase using 0:(is("leave", $8)) with boxes ls 2 title "it leaves"

unset key
set title "p99"
set ylabel "ms"
set format y "%g"
plot phase using 0:(is("steady", $11 / 1000.0)):xtic(strcol(1) . " " . strcol(2)) with boxes ls 6, \
     phase using 0:(is("join", $11 / 1000.0)) with boxes ls 1, \
     phase using 0:(is("leave", $11 / 1000.0)) with boxes ls 2
unset multiplot
