# Bars from bench throughput --csv: operations a second, and the processor time of each.
load charts . "/style.gp"
set multiplot layout 1,2
set boxwidth 0.55
set xrange [-0.6:*]
set yrange [0:*]
set xlabel "copies of every key"
copies(name) = name[5:]   # "rep 3"

set title "Throughput: median, min and max of the rounds"
set ylabel "operations a second"
set format y "%.0f"
plot spread(ARG1, "ops_per_s", "") using 0:3:xtic(copies(strcol(1))) with boxes ls 1 notitle, \
     spread(ARG1, "ops_per_s", "") using 0:4:(0):($5 - $4) with vectors as 1 notitle

set title "Processor time of an operation"
set ylabel "microseconds, median of the rounds"
set format y "%g"
set boxwidth 0.32
set key outside top center horizontal maxrows 1
plot spread(ARG1, "server_cpu_us_per_op", "") using ($0 - 0.18):3:xtic(copies(strcol(1))) \
         with boxes ls 1 title "all servers", \
     spread(ARG1, "generator_cpu_us_per_op", "") using ($0 + 0.18):3 with boxes ls 2 \
         title "load generator"
unset multiplot
