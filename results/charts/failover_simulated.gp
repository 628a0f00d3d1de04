# The gap of simulated and of real failovers: a file with one time in each line, in microseconds, and
# one of bench failover --csv.
load charts . "/style.gp"
set title "From the kill of a primary to the next answer for its key"
set xlabel "ms"
set ylabel "share of the kills"
set xrange [205:*]
set offsets 0,0,0,0
set key bottom right
real = "< awk -F, '!/^#/ && $1 != \"kill\" {print $4}' " . ARG2
set yrange [0:1]
plot ARG1 using ($1 / 1000.0):(1.0) smooth cnormal with lines ls 1 title "simulated", \
     real using ($1 / 1000.0):(1.0) smooth cnormal with lines ls 2 title "real processes"
