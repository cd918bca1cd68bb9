/*
 * src/heap/depot.ts: batches of ready blocks, "cached" by slot 0, who is nobody. A list changes its holder block by
 * block; a death in between leaves blocks that the next repair files, whoever is named. Under the lock.
 */

inline relabel(first, from, to) {
  c = first;
  do
  :: c != 0 -> d_step { assert(word1[c] == CACHED(from)); word1[c] = CACHED(to); c = link[c] }
  :: else -> break
  od;
  skip
}

/* Puts the whole list of a class on top of the depot. */
inline deposit(kind) {
  d_step { next = HEAD(slot, kind); HEAD(slot, kind) = 0 }
  relabel(next, slot, NOBODY);
  nextBatch[next] = HEAD(NOBODY, kind);
  d_step {
    HEAD(NOBODY, kind) = next;
    printf("Worker %d puts the batch of block %d into the depot\n", me, next);
    next = 0
  }
}

/* Takes the newest batch for the own, empty list. */
inline withdraw(kind) {
  d_step { next = HEAD(NOBODY, kind); HEAD(NOBODY, kind) = nextBatch[next]; nextBatch[next] = 0 }
  relabel(next, NOBODY, slot);
  d_step {
    assert(HEAD(slot, kind) == 0);
    HEAD(slot, kind) = next;
    printf("Worker %d takes the batch of block %d from the depot\n", me, next);
    next = 0
  }
}
