# Keys of each node, from bench balance --csv: numbered and random ones, against chance.
high = 640
load charts . "/style.gp"
set multiplot layout 2,1
set boxwidth 0.32
set xrange [-0.6:*]
set style data boxes
set key outside top center horizontal maxrows 1

set title "Keys that each node took as their primary"
set ylabel "keys"
set yrange [0:*]
plot rows(ARG1, "numbered") using ($0 - 0.18):4:xtic(2) ls 1 title "key0, key1, ...", \
     rows(ARG1, "random") using ($0 + 0.18):4 ls 2 title "random keys", \
     rows(ARG1, "random") using ($0 + 0.18):($5 - $6):(0):(2 * $6) with vectors as 1 \
         title "chance: mean +- 2 sigma", \
     rows(ARG1, "numbered") using ($0 - 0.18):($5 - $6):(0):(2 * $6) with vectors as 1 notitle

set title "The same as a difference from the mean"
set ylabel "% of the mean"
set yrange [*:*]
set xzeroaxis ls 6
set xlabel "node"
unset key
share(mean, two_sigma) = 100.0 * two_sigma / mean
off(count, mean) = 100.0 * (count - mean) / mean
plot rows(ARG1, "numbered") using ($0 - 0.18):(off($4, $5)):xtic(2) ls 1, \
     rows(ARG1, "random") using ($0 + 0.18):(off($4, $5)) ls 2, \
     rows(ARG1, "random") using ($0 + 0.18):(-share($5, $6)):(0):(2 * share($5, $6)) with vectors as 1, \
     rows(ARG1, "numbered") using ($0 - 0.18):(-share($5, $6)):(0):(2 * share($5, $6)) with vectors as 1
unset multiplot
