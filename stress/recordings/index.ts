/** Recordings of real programs: the type, the reader, the committed files. */
export { committedRecordings } from "./committed.ts";
export { parseRecording, readRecording } from "./read.ts";
export { Operation, type Recording } from "./recording.ts";
export { RecordingError } from "./recording-error.ts";
