# Throughput and p99 over nodes, clients, the size of values and keys, from bench scale --csv.
# Logarithmic axes where what they show spans powers of ten.
high = 1000
load charts . "/style.gp"
set multiplot layout 4,2
unset key
names = "nodes clients value-size keys"
labels = "'nodes' 'clients, 16 operations in flight each' 'bytes of a value' 'keys'"
# Whether the axis is logarithmic, of each row.
log_x = "0 1 1 1"
log_throughput = "0 0 1 0"
log_p99 = "0 1 1 0"
do for [i = 1:4] {
    d = word(names, i)
    # The rows of one dimension.
    of(field) = "< awk -F, -v field='" . field . "' -v by=value -f " . charts . "/spread.awk " . \
        ARG1 . " | awk -F, '$1 == \"" . d . "\"'"
    if (system(substr(of("ops_per_s"), 3, 1000) . " | head -c 1") ne "") {
        unset logscale
        if (word(log_x, i) + 0) { set logscale x }
        set format x (i <= 2 ? "%g" : "10^{%L}")
        if (i == 1) { set xtics (1, 2, 3, 5, 7, 10, 14); set xrange [0:15] } else { set xrange [*:*] }
        if (i == 2) { set xtics (1, 3, 10, 30, 100, 300, 1000) }
        if (i > 2) { set xtics autofreq }
        set xlabel word(labels, i)

        if (i == 1) { set title "Throughput: median, min and max of the rounds" } else { unset title }
        set ylabel "operations a second"
        if (word(log_throughput, i) + 0) { set logscale y; set yrange [*:*] } else { set yrange [0:*] }
        set format y "%.0f"
        plot of("ops_per_s") using 2:3 with linespoints ls 1, \
             of("ops_per_s") using 2:4:(0):($5 - $4) with vectors as 1

        unset logscale y
        if (i == 1) { set title "p99 latency at that throughput: median, min and max" }
        set ylabel "ms"
        if (word(log_p99, i) + 0) { set logscale y; set yrange [*:*] } else { set yrange [0:*] }
        set format y "%g"
        plot of("p99_us") using 2:($3 / 1000.0) with linespoints ls 2, \
             of("p99_us") using 2:($4 / 1000.0):(0):(($5 - $4) / 1000.0) with vectors as 1
    }
}
unset multiplot
