# Of a CSV file of bench: "first,by,median,min,max" of the column `field` over the rows of each first
# column and, where `by` names one, each value of that, in the order in which they come. The median
# of an even count is the lower one, as bench tells it.
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
        print key "," values[key, int((count[key] + 1) / 2)] "," values[key, 1] "," values[key, count[key]]
    }
}
