/*
 * src/death/recovery.ts: everything is indexed anew from the chain. Relies on word 0, word 1 and `top` alone, and on
 * `changing` for the one header whose two words may not fit.
 */

inline recover() {
  assertTiled();
  /* Slots that belong to nobody alive who has begun its term. */
  s = 1;
  do
  :: s <= AUDITOR_SLOT ->
     d_step { if :: IS_LOST(s) -> lost = lost | BIT(s) :: else fi; s++ }
  :: else -> break
  od;
  if
  :: changing != 0 -> check[changing] = size[changing]; changing = 0
  :: else
  fi;
  s = 1;
  do
  :: s <= AUDITOR_SLOT && ((lost >> s) & 1) -> clearCache(s); s++
  :: s <= AUDITOR_SLOT && !((lost >> s) & 1) -> s++
  :: else -> break
  od;
  s = 0;
  /* The policy is forgotten. */
  d_step {
    i = 1;
    do :: i <= CELLS -> filed[i] = 0; i++ :: else -> break od;
    i = 0
  }
  /* The walk: `taken` is the first of the lost blocks that lie side by side. */
  b = 1;
  do
  :: b < top ->
     if
     :: word1[b] == FREE || (STATE(word1[b]) == 2 && ((lost >> SLOT(word1[b])) & 1)) ->
        d_step {
          assert(FITS(b));
          assert((held & CELLS_OF(b)) == 0);
          if :: taken == 0 -> taken = b :: else fi;
          b = b + size[b]
        }
     :: else ->
        assert(FITS(b));
        behind = b + size[b];
        if :: taken != 0 -> fuse(taken, b); file(taken) :: else fi;
        d_step { taken = 0; b = behind; behind = 0 }
     fi
  :: else -> break
  od;
  if :: taken != 0 -> fuse(taken, b); file(taken) :: else fi;
  d_step { taken = 0; b = 0; lost = 0 }
}

/*
 * A block that the slot's owner was freeing is nobody's now; the words that tell of its claim and its lists are cleared
 * after that, at once. Where both say "nothing" nothing is to be cleared.
 */
#ifdef CLAIM_UNSEEN
#define IS_UNTOUCHED(s) (kept[s] == 0)
#else
#define IS_UNTOUCHED(s) (kept[s] == 0 && freeing[s] == 0)
#endif
inline clearCache(which) {
  if
  :: IS_UNTOUCHED(which) -> assert(NO_LIST(which))
  :: else ->
#ifdef FORGET_FIRST
     d_step { c = freeing[which]; freeing[which] = 0 }
#else
     c = freeing[which];
#endif
     if
     :: c != 0 && word1[c] == BUSY(which) -> word1[c] = FREE
     :: else
     fi;
#ifdef COUNT_FIRST
     d_step { freeing[which] = 0; kept[which] = 0 }
#endif
     d_step {
       c = 0;
       freeing[which] = 0;
#ifndef LEAVE_LISTS
       kept[which] = 0;
       class = 1;
       do :: class <= CLASSES -> HEAD(which, class) = 0; class++ :: else -> break od;
#endif
       class = 0
     }
  fi
}
