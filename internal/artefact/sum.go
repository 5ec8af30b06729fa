package artefact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"groma/internal/fault"
)

// ErrDamaged says that what is kept under the key is not what was kept: its
// bytes do not have the checksum that was kept with them, or there are none to
// read. Another try would find the same.
var ErrDamaged = errors.New("artefact is damaged")

// sumOf is the checksum of an artefact: SHA-256 in hexadecimal. It is kept
// beside the bytes, as a property of the file or the object, in the same step.
func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// damaged is the failure of an artefact whose bytes have another checksum.
func damaged(key, want string, data []byte) error {
	return fault.Errorf(fault.Invalid, "%s: %w: its SHA-256 is %s, that of what was kept is %s; %s", key, ErrDamaged, sumOf(data)[:12], want[:min(len(want), 12)], Remedy(key))
}

// Remedy says what to do about an artefact that is damaged.
func Remedy(key string) string {
	kind, _, _ := strings.Cut(key, "/")
	switch {
	case strings.HasSuffix(key, ".files.zst"):
		return "put it back from a backup, or delete it and the .json beside it to have the commit counted again"
	case kind == "reported":
		return "put it back from a backup, or delete it and " + OlderKey + " to have it made again"
	case kind == "census", kind == "words", kind == "vitals", kind == OlderKey:
		return "put it back from a backup, or delete it to have it made again"
	}
	return "put it back from a backup; without one, survey again"
}

// sound reports whether the bytes have the checksum that is kept of them. What
// an earlier version kept, or a tool copied without its properties, has none.
func sound(data []byte, sum string) bool { return sum == "" || sumOf(data) == sum }
