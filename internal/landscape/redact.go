package landscape

import "regexp"

// userinfo is what may stand before the host of an address: a name, a token,
// a password.
var userinfo = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/?#\s"'<>]+@`)

// Redact takes the credentials out of every address in a text, so that a
// source can be kept and its name shown. ssh addresses keep their user, which
// is part of the address and no secret.
func Redact(text []byte) []byte {
	return userinfo.ReplaceAllFunc(text, func(match []byte) []byte {
		parts := userinfo.FindSubmatch(match)
		if string(match) == "ssh://git@" || string(match) == "git+ssh://git@" {
			return match
		}
		return parts[1]
	})
}
