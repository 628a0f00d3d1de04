# What all charts of this folder share. Before it is loaded, chart.sh has set `format` (png, svg),
# `out` (the file) and `charts` (this folder); `high` may be set: the height in pixels, 420 else.
if (!exists("high")) high = 420
if (format eq "png") {
    set terminal pngcairo size 1000,high font "DejaVu Sans,11" background "white"
} else {
    set terminal svg size 1000,high font "DejaVu Sans,13" background "white"
}
set output out
set datafile separator ","
set grid back ytics lt 1 lw 0.8 lc rgb "#dddddd"
set border 3 lc rgb "#555555"
set tics nomirror out
set style fill solid 1.0 noborder
set style line 1 lc rgb "#3366aa" lw 2 pt 7 ps 0.6
set style line 2 lc rgb "#ee7733" lw 2 pt 5 ps 0.6
set style line 3 lc rgb "#228855" lw 2 pt 9 ps 0.7
set style line 4 lc rgb "#aa3377" lw 2 pt 11 ps 0.7
set style line 5 lc rgb "#997700" lw 2 pt 13 ps 0.7
set style line 6 lc rgb "#555555" lw 2 pt 1 ps 0.7
set style line 9 lc rgb "#222222" lw 1.5 dt 2           # bounds and goals
set style arrow 1 heads size screen 0.004,90 lc rgb "#222222" lw 1.5 # x:low:(0):(high - low)
set offsets graph 0, graph 0, graph 0.06, graph 0  # nothing touches the top

# The rows of a CSV file of bench whose first field is `first`.
rows(file, first) = sprintf("< awk -F, -v want='%s' -f %s/rows.awk %s", first, charts, file)
# Of each first field and each field `by` ("" : none): min, median and max of a field over its
# rows. Columns: first field, by, median, min, max; no head.
spread(file, field, by) = \
    sprintf("< awk -F, -v field='%s' -v by='%s' -f %s/spread.awk %s", field, by, charts, file)
