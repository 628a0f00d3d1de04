# Throughput through kills, and the distribution of the gap, from bench failover --csv KILLS
# --timeline TIMELINE.
high = 760
load charts . "/style.gp"
set multiplot
set size 1,0.47
set origin 0,0.53

set title "Throughput of a fixed-rate load while nodes are killed, in steps of 100 ms"
set xlabel "seconds"
set ylabel "answers a second"
set xrange [0:30]
set yrange [0:*]
set key outside top center horizontal
stats rows(ARG2, "run") using 3 nooutput
plot rows(ARG2, "run") using ($2 / 1000.0):3 with lines ls 1 title "answers", \
     rows(ARG2, "kill") using ($2 / 1000.0):(0):(0):(STATS_max) with vectors nohead lc rgb "#ee7733" lw 1.5 \
         title "kill of a node"

set size 0.5,0.5
set origin 0,0
set title "Around a kill: mean of all kills"
set xlabel "ms from the kill"
set xrange [-200:800]
unset key
set arrow 1 from 0,graph 0 to 0,graph 1 nohead lc rgb "#ee7733" lw 1.5
plot rows(ARG2, "around") using 2:3 with lines ls 1
unset arrow 1

set origin 0.5,0
set title "From the kill of a primary to the next answer for its key"
set xlabel "ms"
set ylabel "share of the kills"
set offsets 0,0,0,0
unset key
set xrange [*:*]
set yrange [*:*]
gaps = "< awk -F, '!/^#/ && $1 != \"kill\" {print $4}' " . ARG1
stats gaps using 1 nooutput
set xrange [0:(STATS_max > 680000 ? STATS_max / 950.0 : 700)]
set yrange [0:1]
set arrow 2 from 300,0 to 300,0.5 nohead ls 9
set arrow 3 from 600,0 to 600,0.99 nohead ls 9
set label 2 "goal: half by 300 ms" at 306,0.3
set label 3 "goal: 99 %" at 594,0.6 right
plot gaps using ($1 / 1000.0):(1.0) smooth cnormal with lines ls 1
unset multiplot
