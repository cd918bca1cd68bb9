/* src/memory/space.ts: borders of blocks. Each line that is a step is a store that another Worker's rebuild may see. */

/* Where nobody looks before a later store. */
#define HEADER(b, cells) \
  size[b] = cells; word1[b] = FREE; check[b] = cells; printf("Worker %d writes the header of block %d\n", me, b)
#define SHRINK(b, cells) \
  size[b] = cells; printf("Worker %d shrinks block %d\n", me, b)

/* Around the two words of one header, between which a death may come. */
inline noteChange(b) {
#ifndef UNNOTED_CHANGE
  changing = b
#else
  skip
#endif
}
#define FITS(b) (check[b] == size[b])

/* `rest` becomes the block behind the first `granules` cells of `b`, or 0. */
inline split(long, cells) {
  if
  :: size[long] > cells ->
     d_step { rest = long + cells; HEADER(rest, size[long] - cells) }
     noteChange(long);
     check[long] = cells;
     d_step { SHRINK(long, cells) }
     changing = 0
  :: else -> rest = 0
  fi
}

/*
 * Makes one or two cached blocks out of `whole`, linked, and the block `rest` out of what is left, or 0. The headers
 * behind are written first; the store of the first block's size makes all of them exist.
 */
inline divide(whole, cells) {
  restSize = size[whole];
#ifdef SHRINK_FIRST
  divideFirst(whole, cells);
#endif
  d_step {
    next = whole + cells;
    if
    :: restSize >= 2 * cells -> HEADER(next, cells); word1[next] = CACHED(slot); next = next + cells
    :: else
    fi;
    rest = 0;
    if
    :: whole + restSize > next -> rest = next; HEADER(rest, whole + restSize - next)
    :: else
    fi;
    next = 0
  }
#ifndef SHRINK_FIRST
  divideFirst(whole, cells);
#endif
  restSize = 0
}

inline divideFirst(whole, cells) {
  d_step { if :: restSize >= 2 * cells -> link[whole] = whole + cells :: else fi }
  noteChange(whole);
  d_step { word1[whole] = CACHED(slot); check[whole] = cells }
  d_step { SHRINK(whole, cells) }
  changing = 0
}

/* The block behind ceases to exist with one store; what is left of its header is wiped to have fewer states. */
inline absorb(first, second) {
  noteChange(first);
  check[first] = size[first] + size[second];
  d_step { size[first] = check[first]; size[second] = 0; word1[second] = FREE; check[second] = 0 }
  changing = 0
}

/* All blocks from `lead` to `until` become one, with one store. */
inline fuse(lead, until) {
  noteChange(lead);
  d_step { word1[lead] = FREE; check[lead] = until - lead }
  d_step {
    size[lead] = until - lead;
    link[lead] = 0;
    i = lead + 1;
    do
    :: i < until -> size[i] = 0; word1[i] = FREE; check[i] = 0; link[i] = 0; i++
    :: else -> break
    od;
    i = 0
  }
  changing = 0
}

inline carve(fresh, cells) {
  d_step { fresh = top; HEADER(fresh, cells) }
  top = top + cells
}

/* The chain tiles: adding up word 0 from the first cell ends at `top`. */
inline assertTiled() {
  d_step {
    i = 1;
    do
    :: i < top -> assert(size[i] != 0); i = i + size[i]
    :: else -> break
    od;
    assert(i == top);
    i = 0
  }
}
