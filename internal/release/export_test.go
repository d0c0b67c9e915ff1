package release

// Blobs is what a builder keeps files in.
type Blobs = blobs
