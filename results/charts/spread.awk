# Of a CSV file of bench: "first,by,median,min,max" of the column `field` over the rows of each first
# column and, where `by` names one, each value of that, in the order in which they come. The median
# of an even count is the mean of the two in the middle, as bench tells it.
BEGIN { CONVFMT = "%.10g" }
/^#/ { next }
!(field in column) {
    for (i = 1; i <= NF; ++i) column[$i] = i
    if (!(field in column)) { print "spread.awk: no column " field > "/dev/stderr"; exit 1 }
    next
}
{
    key = $1 "," (by == "" ? "" : $(column[by]))
    if (!(key in count)) order[++groups] = key
    # Inserted where it belongs: rounds are few.
    for (i = ++count[key]; i > 1 && values[key, i - 1] > $(column[field]) + 0; --i)
        values[key, i] = values[key, i - 1]
    values[key, i] = $(column[field]) + 0
}
END {
    for (g = 1; g <= groups; ++g) {
        key = order[g]
        median = (values[key, int((count[key] + 1) / 2)] + values[key, int(count[key] / 2) + 1]) / 2
        print key "," median "," values[key, 1] "," values[key, count[key]]
    }
}
