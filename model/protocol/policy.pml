/*
 * src/policies, and Heap.askWindow: any policy. `allocate` takes any filed block that is large enough. If there is none, what
 * this Worker keeps goes back first; then it carves. `give` merges with both neighbours. How a policy finds and links its blocks is one store here: nothing of it is trusted
 * after a death.
 */

#define fits(b, least) (b < top && filed[b] && size[b] >= (least))
/* `taken` becomes any filed block that is large enough, 0 = none. */
inline find(least) {
  if
  :: fits(1, least) -> taken = 1
  :: fits(2, least) -> taken = 2
  :: fits(3, least) -> taken = 3
#if CELLS > 3
  :: fits(4, least) -> taken = 4
#endif
#if CELLS > 4
  :: fits(5, least) -> taken = 5
#endif
#if CELLS > 5
  :: fits(6, least) -> taken = 6
#endif
  :: else -> taken = 0
  fi
}

/* `taken` becomes a block of `least` to `most` cells, state free, not filed; 0 = refused. */
inline allocate(least, most) {
  find(least);
  if
  :: taken == 0 && kept[slot] != 0 -> releaseKept(slot, 0); find(least)
  :: else
  fi;
  if
  :: taken != 0 ->
     filed[taken] = 0;
     split(taken, most);
     if :: rest != 0 -> d_step { filed[rest] = 1; rest = 0 } :: else fi
  :: taken == 0 && top + (most) <= CELLS + 1 -> carve(taken, most)
  :: taken == 0 && top + (most) > CELLS + 1 && top + (least) <= CELLS + 1 -> carve(taken, least)
  :: else
  fi
}

/* Gives a block that nobody has back. */
inline give(freed) {
  d_step {
    assert(size[freed] != 0 && !filed[freed]);
    assert((held & CELLS_OF(freed)) == 0);
    word1[freed] = FREE;
    link[freed] = 0;
    behind = freed + size[freed];
    printf("Worker %d marks block %d as free\n", me, freed)
  }
  if
  :: behind < top && word1[behind] == FREE ->
     d_step { assert(filed[behind]); filed[behind] = 0 }
     absorb(freed, behind)
  :: else
  fi;
  d_step {
    behind = 0;
    before = 0;
    i = 1;
    do
    :: i < freed -> before = i; i = i + size[i]
    :: else -> break
    od;
    i = 0;
    if :: before != 0 && !filed[before] -> before = 0 :: else fi
  }
  if
  :: before != 0 ->
     filed[before] = 0;
     absorb(before, freed);
     file(before)
  :: else -> file(freed)
  fi;
  before = 0
}

/* Files a block that has no free neighbours; the last block of the chain goes back to the untouched rest. */
inline file(whole) {
  d_step {
    if
    :: whole + size[whole] == top -> top = whole; size[whole] = 0; check[whole] = 0
    :: else -> filed[whole] = 1
    fi
  }
}
