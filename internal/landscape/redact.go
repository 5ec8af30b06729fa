package landscape

import (
	"regexp"

	"groma/internal/conceal"
)

// userinfo is what may stand before the host of an address: a name, a token,
// a password. Slashes may be escaped, as JSON has them. A password with a slash,
// a question mark or a hash in it is told by what stands before that: a port is
// digits.
var userinfo = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*:(?:\\?/){2})(?:(?:[^/?#\s"'<>\\]+|[^/?#\s"'<>\\@:]+:[0-9]*[^0-9/?#\s"'<>\\@][^\s"'<>@]*)@)+`)

// secret is a setting in an address whose name says that nobody should see it:
// hosts hand out raw files of private repositories this way.
var secret = regexp.MustCompile(`(?i)([?&](?:` + conceal.SettingNames + `)=)[^&#\s"'<>]+`)

// Redact takes the credentials out of every address in a text, so that a
// source can be kept and its name shown. ssh addresses keep their user, which
// is part of the address and no secret.
func Redact(text []byte) []byte {
	text = secret.ReplaceAll(text, []byte("${1}redacted"))
	return userinfo.ReplaceAllFunc(text, func(match []byte) []byte {
		parts := userinfo.FindSubmatch(match)
		if string(match) == "ssh://git@" || string(match) == "git+ssh://git@" {
			return match
		}
		return parts[1]
	})
}
