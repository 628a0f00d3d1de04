# Bars from bench ycsb --csv: throughput, p99 of reads and writes, processor time, by workload.
high = 760
load charts . "/style.gp"
set multiplot layout 2,2
set xrange [-0.6:*]
set yrange [0:*]
set boxwidth 0.55
set xlabel "workload"

set title "Throughput: median, min and max"
set ylabel "operations a second"
set format y "%.0f"
plot spread(ARG1, "ops_per_s", "") using 0:3:xtic(1) with boxes ls 1 notitle, \
     spread(ARG1, "ops_per_s", "") using 0:4:(0):($5 - $4) with vectors as 1 notitle

set format y "%g"
set boxwidth 0.32
set key outside top center horizontal maxrows 1
set title "p99 latency at that throughput: median of the rounds"
set ylabel "ms"
plot spread(ARG1, "get_p99_us", "") using ($0 - 0.18):($3 / 1000.0):xtic(1) with boxes ls 1 title "reads", \
     spread(ARG1, "put_p99_us", "") using ($0 + 0.18):($3 / 1000.0) with boxes ls 2 title "writes"

set title "Processor time of an operation: median of the rounds"
set ylabel "microseconds"
plot spread(ARG1, "server_cpu_us_per_op", "") using ($0 - 0.18):3:xtic(1) with boxes ls 1 \
         title "all servers", \
     spread(ARG1, "generator_cpu_us_per_op", "") using ($0 + 0.18):3 with boxes ls 2 \
         title "load generator"

set title "Memory of all processes of the cluster: median of the rounds"
set ylabel "MB"
unset key
set boxwidth 0.55
plot spread(ARG1, "rss_mb", "") using 0:3:xtic(1) with boxes ls 1
unset multiplot
