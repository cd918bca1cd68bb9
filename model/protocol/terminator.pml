/* Terminates Workers: any of them, between any two of its steps, `DEATHS` times at most. */

#define TERMINATE(t) \
  :: d_step { deaths < DEATHS && !GONE(t) -> deaths++; gone = gone | BIT(t); printf("Worker %d is terminated\n", t) }

active proctype Terminator() {
  byte deaths;
end:
  do
  TERMINATE(1)
  TERMINATE(2)
#if THREADS > 2
  TERMINATE(3)
#endif
  od
}
