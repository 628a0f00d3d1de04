# Of a CSV file of bench: the rows whose first field is `want`. No head.
/^#/ { next }
$1 == want { print }
