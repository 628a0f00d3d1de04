# The chart of results/failover.md, from failover/*.csv: one time in each line, in microseconds.
set terminal svg size 800,420 font "sans,13" background "white"
set output "failover.svg"
set grid
set key bottom right
set xlabel "ms from the death of a primary to the next answer to a read of its key"
set ylabel "share of the kills"
set xrange [205:*]
set yrange [0:1]
plot "failover/simulated.csv" using ($1 / 1000.0):(1.0) smooth cnormal with lines lw 2 title "simulated", \
     "failover/real.csv" using ($1 / 1000.0):(1.0) smooth cnormal with lines lw 2 title "real processes"
