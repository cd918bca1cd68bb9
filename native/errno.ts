/**
 * Error numbers by name and text. The text is the one of glibc, from this table and not from `strerror`, so that a
 * message is the same on every system and describing an error cannot fail.
 */

/** One line a number: number, name, text. A string costs nothing at start-up, and errors are rare. */
export type ErrnoTable = string;

/** The same on all systems: those of the first Unix. Numbers 1 to 34 except 11, which macOS gave away. */
// <asm-generic/errno-base.h> of Linux, <sys/errno.h> of the macOS SDK
const SHARED = `
1 EPERM Operation not permitted
2 ENOENT No such file or directory
3 ESRCH No such process
4 EINTR Interrupted system call
5 EIO Input/output error
7 E2BIG Argument list too long
9 EBADF Bad file descriptor
12 ENOMEM Cannot allocate memory
13 EACCES Permission denied
14 EFAULT Bad address
16 EBUSY Device or resource busy
17 EEXIST File exists
19 ENODEV No such device
22 EINVAL Invalid argument
23 ENFILE Too many open files in system
24 EMFILE Too many open files
28 ENOSPC No space left on device
34 ERANGE Numerical result out of range
`;

/** <asm-generic/errno-base.h> and <asm-generic/errno.h>, for x64 and arm64. */
export const LINUX_ERRNO: ErrnoTable = `${SHARED}
11 EAGAIN Resource temporarily unavailable
35 EDEADLK Resource deadlock avoided
38 ENOSYS Function not implemented
75 EOVERFLOW Value too large for defined data type
95 EOPNOTSUPP Operation not supported
110 ETIMEDOUT Connection timed out
`;

/** <sys/errno.h> of the macOS SDK. */
export const MACOS_ERRNO: ErrnoTable = `${SHARED}
11 EDEADLK Resource deadlock avoided
35 EAGAIN Resource temporarily unavailable
45 ENOTSUP Operation not supported
60 ETIMEDOUT Connection timed out
78 ENOSYS Function not implemented
84 EOVERFLOW Value too large for defined data type
`;

/** For instance `ENOMEM (Cannot allocate memory)`. Takes errno or -errno. */
export function describeErrno(errnoTable: ErrnoTable, errno: number): string {
  const number = Math.abs(errno);
  for (const entry of errnoEntries(errnoTable))
    if (entry.number === number) return `${entry.name} (${entry.text})`;
  return `errno ${number}`;
}

/** The number of a name in the table. Throws for a name that is not in it: that is a mistake in the program. */
export function errnoOf(errnoTable: ErrnoTable, name: string): number {
  for (const entry of errnoEntries(errnoTable)) if (entry.name === name) return entry.number;
  throw new Error(`the table of error numbers has no \`${name}\``);
}

/** The table's lines, taken apart. */
export function errnoEntries(errnoTable: ErrnoTable): { number: number; name: string; text: string }[] {
  const lines = errnoTable.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const [number, name, ...words] = line.split(" ");
    return { number: Number(number), name: name!, text: words.join(" ") };
  });
}
