# Charts of results/membership.md, from the files of sim membership --csv in the current folder.
# `charts` is the folder of style.gp.
format = "svg"; out = "../membership-times.svg"
load charts . "/style.gp"
set grid xtics
set offsets 0, 0, 0, 0
set key bottom right

# Fields by name, as the first line of each file has them.
ms(name) = (column(name) >= 0 ? column(name) / 1000.0 : NaN)
have(file) = system("test -s " . file . " && echo 1 || echo 0") + 0

set multiplot layout 1,2
set ylabel "share of the runs"
set yrange [0:1]
sizes = ""
do for [n in "7 100 1000 10000"] { if (have("crash-" . n . ".csv")) { sizes = sizes . " " . n } }
many = ""
do for [n in sizes] { if (n < 10000) { many = many . " " . n } }  # of 10,000 there are few
set xlabel "ms from kill -9 to the new ring everywhere"
set xrange [0:80]
plot for [i = 1:words(many)] "crash-" . word(many, i) . ".csv" using (ms("crash_everywhere_us")):(1.0) \
    smooth cnormal with lines ls i title word(many, i) . " nodes"
set xlabel "ms from silence to the new ring everywhere"
set xrange [300:700]
plot for [i = 1:words(many)] "crash-" . word(many, i) . ".csv" using (ms("cut_everywhere_us")):(1.0) \
    smooth cnormal with lines ls i title word(many, i) . " nodes"
unset multiplot

set output "../membership-load.svg"
set multiplot layout 1,2
set logscale x
set xlabel "nodes"
set xrange [5:20000]
set yrange [0:*]
set key top left
set yrange [0:800]
set ylabel "datagrams per member and second"
mean(n, field) = system("awk -F, -v f=" . field . " 'NR==1 {for (i=1; i<=NF; ++i) if ($i==f) c=i} NR>1 {s+=$c; ++k} END {print s/k/1000}' crash-" . n . ".csv") + 0
set print $load
do for [n in sizes] { print sprintf("%s,%f,%f,%f", n, mean(n, "swim_datagrams_mean_milli"), mean(n, "lease_datagrams_mean_milli"), mean(n, "busy_us_mean_milli")) }
unset print
plot $load using 1:2 with linespoints ls 1 title "SWIM", \
     $load using 1:3 with linespoints ls 2 title "lease heartbeats"
set logscale y
set yrange [0.001:10]
set ylabel "share of a core, busiest member"
most(n, field) = system("awk -F, -v f=" . field . " 'NR==1 {for (i=1; i<=NF; ++i) if ($i==f) c=i} NR>1 && $c>m {m=$c} END {print m}' crash-" . n . ".csv") + 0
set print $busy
# Runs of 10,000 with --fast say nothing of this.
do for [n in sizes] { if (n < 10000) { print sprintf("%s,%f", n, most(n, "busy_us_max") / 1e6) } }
unset print
plot $busy using 1:2 with linespoints ls 1 notitle
unset multiplot
