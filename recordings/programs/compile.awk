# Prints a C program without includes: 16 structs, each with functions that loop, branch and call each other.
BEGIN {
  print "extern int report(const char *text, long value);"
  for (i = 0; i < 16; i++) {
    printf "struct node%d { struct node%d *next; long key, count; double weight[%d]; char name[%d]; };\n", i, i, i % 7 + 1, i % 23 + 8
    printf "static long sum%d(struct node%d *list) {\n  long total = %d;\n", i, i, i
    printf "  for (struct node%d *n = list; n; n = n->next) {\n", i
    printf "    switch (n->key %% %d) {\n", i % 5 + 3
    for (j = 0; j < i % 5 + 3; j++) printf "    case %d: total += n->count * %d + (long)n->weight[%d]; break;\n", j, i + j, j % (i % 7 + 1)
    print "    default: total ^= n->key << 3; }\n  }\n  return total;\n}"
    printf "long walk%d(struct node%d *list, int depth) {\n", i, i
    printf "  if (depth > %d) return sum%d(list);\n", i % 11 + 2, i
    printf "  for (int k = 0; k < %d && list; k++) list->name[k] ^= (char)(depth + k);\n", i % 23 + 8
    printf "  return report(\"walk%d\", depth) + %s;\n}\n", i, i ? "walk" (i - 1) "((void *)list, depth + 1)" : "depth"
  }
}
