/*
 * Replays a list of memory operations with the process's own malloc (glibc's, or a library's under LD_PRELOAD) and
 * prints how much physical memory that took.
 *
 *   replay FILE PROVIDER
 *
 * FILE has one `operation` after the other, written by bench/memory.ts. PROVIDER is a part of the path of the library
 * that malloc must come from. Every byte of a payload is written once, as a program would. Prints
 * {"peak": ..., "left": ...}, bytes of resident memory more than before the first operation: the more of when the most
 * is live and at the end, and one second after everything was freed; or {"reason": "..."}. The pages are counted as
 * they are mapped: the sums in /proc/self/status lag behind by up to 32 pages a processor.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MALLOC, CALLOC, REALLOC, ALIGNED_ALLOC, FREE };

typedef struct {
  uint32_t kind;
  int32_t block;
  double size, alignment;
} operation;

typedef struct {
  char *address;
  size_t size;
} block;

/** Memory that does not come from malloc, present from the start. */
static void *pages(size_t bytes) {
  return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

static size_t read_file(const char *path, char *buffer, size_t room) {
  int file = open(path, O_RDONLY);
  size_t length = 0;
  ssize_t got;
  while (file >= 0 && (got = read(file, buffer + length, room - length)) > 0) length += (size_t)got;
  close(file);
  return length;
}

/** Bytes of resident memory. */
static size_t resident(void) {
  static char text[8192];
  text[read_file("/proc/self/smaps_rollup", text, sizeof text - 1)] = 0;
  const char *line = strstr(text, "Rss:");
  if (line == NULL) abort();
  return strtoull(line + strlen("Rss:"), NULL, 10) * 1024;
}

/** The operation after which the most bytes are live. `blocks` is zero, before and after. */
static size_t peak_of(const operation *operations, size_t length, block *blocks, size_t count) {
  double live = 0, most = 0;
  size_t at = 0;
  for (size_t i = 0; i < length; i++) {
    const operation *now = &operations[i];
    if (now->block < 0 || now->kind > FREE) continue;
    live += now->size - (double)blocks[now->block].size;
    blocks[now->block].size = (size_t)now->size;
    if (live > most) {
      most = live;
      at = i;
    }
  }
  memset(blocks, 0, count * sizeof(block));
  return at;
}

static void perform(const operation *now, block *blocks) {
  if (now->block < 0 || now->kind > FREE) return;
  block *at = &blocks[now->block];
  size_t size = (size_t)now->size;
  size_t written = 0;
  if (now->kind == FREE) {
    free(at->address);
    *at = (block){NULL, 0};
    return;
  }
  if (now->kind == MALLOC) at->address = malloc(size);
  if (now->kind == CALLOC) at->address = calloc(1, size);
  if (now->kind == ALIGNED_ALLOC) at->address = memalign((size_t)now->alignment, size);
  if (now->kind == REALLOC) {
    written = at->size < size ? at->size : size;
    /* realloc to 0 bytes would free. */
    at->address = realloc(at->address, size == 0 ? 1 : size);
  }
  if (at->address == NULL) abort();
  memset(at->address + written, 1, size - written);
  at->size = size;
}

int main(int count, char **arguments) {
  Dl_info info = {0};
  struct stat file;
  if (count != 3 || stat(arguments[1], &file) != 0) return 2;
  dladdr((void *)malloc, &info);
  if (info.dli_fname == NULL || strstr(info.dli_fname, arguments[2]) == NULL) {
    printf("{\"reason\": \"%s is not installed\"}\n", arguments[2]);
    return 0;
  }
  size_t length = (size_t)file.st_size / sizeof(operation);
  operation *operations = pages(length * sizeof(operation));
  read_file(arguments[1], (char *)operations, length * sizeof(operation));
  int32_t most = 0;
  for (size_t i = 0; i < length; i++) {
    if (operations[i].block > most) most = operations[i].block;
  }
  block *blocks = pages(((size_t)most + 1) * sizeof(block));
  size_t peak_at = peak_of(operations, length, blocks, (size_t)most + 1);
  resident();
  size_t base = resident();
  size_t peak = base;
  for (size_t i = 0; i < length; i++) {
    perform(&operations[i], blocks);
    if (i != peak_at && i != length - 1) continue;
    size_t now = resident();
    if (now > peak) peak = now;
  }
  for (int32_t i = 0; i <= most; i++) free(blocks[i].address);
  sleep(1);
  printf("{\"peak\": %zu, \"left\": %zu}\n", peak - base, resident() - base);
  return 0;
}
