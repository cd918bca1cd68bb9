/**
 * Error numbers by name and text. The text is the one of glibc, from this table and not from `strerror`, so that a
 * message is the same on every system and describing an error cannot fail.
 */

/** Name and text of an error number. */
export type ErrnoEntry = readonly [name: string, text: string];
export type ErrnoTable = ReadonlyMap<number, ErrnoEntry>;

/** The same on all systems: those of the first Unix. Numbers 1 to 34 except 11, which macOS gave away. */
const SHARED: readonly (readonly [number, ...ErrnoEntry])[] = [
  // <asm-generic/errno-base.h> of Linux, <sys/errno.h> of the macOS SDK
  [1, "EPERM", "Operation not permitted"],
  [2, "ENOENT", "No such file or directory"],
  [3, "ESRCH", "No such process"],
  [4, "EINTR", "Interrupted system call"],
  [5, "EIO", "Input/output error"],
  [7, "E2BIG", "Argument list too long"],
  [9, "EBADF", "Bad file descriptor"],
  [12, "ENOMEM", "Cannot allocate memory"],
  [13, "EACCES", "Permission denied"],
  [14, "EFAULT", "Bad address"],
  [16, "EBUSY", "Device or resource busy"],
  [17, "EEXIST", "File exists"],
  [19, "ENODEV", "No such device"],
  [22, "EINVAL", "Invalid argument"],
  [23, "ENFILE", "Too many open files in system"],
  [24, "EMFILE", "Too many open files"],
  [28, "ENOSPC", "No space left on device"],
  [34, "ERANGE", "Numerical result out of range"],
];

/** <asm-generic/errno-base.h> and <asm-generic/errno.h>, for x64 and arm64. */
export const LINUX_ERRNO: ErrnoTable = table([
  ...SHARED,
  [11, "EAGAIN", "Resource temporarily unavailable"],
  [35, "EDEADLK", "Resource deadlock avoided"],
  [38, "ENOSYS", "Function not implemented"],
  [75, "EOVERFLOW", "Value too large for defined data type"],
  [95, "EOPNOTSUPP", "Operation not supported"],
  [110, "ETIMEDOUT", "Connection timed out"],
]);

/** <sys/errno.h> of the macOS SDK. */
export const MACOS_ERRNO: ErrnoTable = table([
  ...SHARED,
  [11, "EDEADLK", "Resource deadlock avoided"],
  [35, "EAGAIN", "Resource temporarily unavailable"],
  [45, "ENOTSUP", "Operation not supported"],
  [60, "ETIMEDOUT", "Connection timed out"],
  [78, "ENOSYS", "Function not implemented"],
  [84, "EOVERFLOW", "Value too large for defined data type"],
]);

function table(entries: readonly (readonly [number, ...ErrnoEntry])[]): ErrnoTable {
  return new Map(entries.map(([number, name, text]) => [number, [name, text] as const]));
}

/** For instance `ENOMEM (Cannot allocate memory)`. Takes errno or -errno. */
export function describeErrno(errnoTable: ErrnoTable, errno: number): string {
  const entry = errnoTable.get(Math.abs(errno));
  return entry === undefined ? `errno ${Math.abs(errno)}` : `${entry[0]} (${entry[1]})`;
}

/** The number of a name in the table. Throws for a name that is not in it: that is a mistake in the program. */
export function errnoOf(errnoTable: ErrnoTable, name: string): number {
  for (const [number, entry] of errnoTable) if (entry[0] === name) return number;
  throw new Error(`the table of error numbers has no \`${name}\``);
}
