#!/usr/bin/env bash
# valgrind --trace-malloc=yes: malloc_usable_size(NULL), and a calloc whose product overflows, write no result and do
# not end their line. The next call follows on the same line, so a log that is read line by line loses it.
#
# Seen with valgrind 3.19.0, 3.24.0 and 3.27.1, glibc 2.36, x86-64; PID and addresses differ from run to run:
#   --PID-- malloc_usable_size(0x0)calloc(9223372036854775807,16)malloc(10) = 0x4A40040
#   --PID-- free(0x4A40040)
# Expected: a line for each of the three, as for calls that fail later: "malloc(9223372036854775807) = 0x0".
#
# Exit codes: 0 the behaviour is there, 1 it has changed, 2 it cannot be tried here.
set -euo pipefail

for tool in gcc valgrind; do
  command -v "$tool" >/dev/null || { echo "cannot be tried: no $tool"; exit 2; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >open-line.c <<'C'
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

int main(void) {
  volatile size_t many = SIZE_MAX / 2;
  malloc_usable_size(NULL); /* 0, says its manual */
  void *none = calloc(many, 16); /* NULL */
  void *block = malloc(10);
  free(block);
  return none != NULL;
}
C
gcc -w -O0 -fno-builtin -o open-line open-line.c
valgrind --version
valgrind --trace-malloc=yes --run-libc-freeres=no --log-file=log ./open-line
grep -- '^--' log

if grep -qE '^--[0-9]+-- malloc_usable_size\(0x0\)calloc\([0-9]+,16\)malloc\(10\) = 0x[0-9A-F]+$' log; then
  echo "as described: three calls on one line"
else
  echo "changed: the three calls are no longer on one line"
  exit 1
fi
