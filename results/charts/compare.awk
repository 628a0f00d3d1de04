# Of the CSV files of bench compare: for each pair at one depth its ratios, Grapevine's operations a
# second by the other's in the same round; rounds at a fixed rate are left out. Columns: name,
# median, min, max; in the order of the file.
#
#   awk -v depth=16 -f charts/compare.awk FILE...
BEGIN { FS = "," }
/^#/ || $1 == "rep" || $4 > 0 { next }
!(($1, $2) in number) { number[$1, $2] = ++pairs; name[pairs] = "rep " $1 ", " $2 }
$3 != depth { next }
$5 == "grapevine" { ours[$1, $2, $6] = $12; next }
$12 > 0 {
    pair = number[$1, $2]
    ratio[pair, ++rounds[pair]] = ours[$1, $2, $6] / $12
}
END {
    for (pair = 1; pair <= pairs; ++pair) {
        if (!rounds[pair]) { printf "\"%s\" NaN NaN NaN\n", name[pair]; continue }
        for (i = 1; i <= rounds[pair]; ++i)
            for (j = i; j > 1 && ratio[pair, j] < ratio[pair, j - 1]; --j) {
                swap = ratio[pair, j]; ratio[pair, j] = ratio[pair, j - 1]; ratio[pair, j - 1] = swap
            }
        median = (ratio[pair, int((rounds[pair] + 1) / 2)] + ratio[pair, int(rounds[pair] / 2) + 1]) / 2
        printf "\"%s\" %.3f %.3f %.3f\n", name[pair], median, ratio[pair, 1], ratio[pair, rounds[pair]]
    }
}
