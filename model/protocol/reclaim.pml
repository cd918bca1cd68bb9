/*
 * `reclaim(owner)`, for all owners that are gone: their blocks in use go back. Another Worker may free such a block at
 * the same time, so each is claimed by exchange, and named in `freeing` before that.
 */
inline reclaim() {
  enter();
  reap();
  b = 1;
  do
  :: b < top ->
     c = word1[b];
     if
     :: STATE(c) == 1 && THREAD(owner[SLOT(c)]) == RETIRED ->
#ifndef RECLAIM_UNNAMED
        freeing[slot] = b;
#endif
        next = b + size[b];
        if :: next < top && word1[next] == FREE -> next = next + size[next] :: else fi;
        if
        :: d_step { word1[b] == c -> word1[b] = BUSY(slot); release(b); reclaimed = 1;
             printf("Worker %d reclaims block %d\n", me, b) };
           give(b)
        :: else
        fi;
        d_step { freeing[slot] = 0; b = next; next = 0 }
     :: else -> b = b + size[b]
     fi
  :: else -> break
  od;
  b = 0;
  c = 0;
  leave()
}

/* ghost: the program does not have the block any more. */
inline release(given) {
  held = held & ~CELLS_OF(given);
  pool = pool & ~BIT(given)
}
