package page

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestColours: words stand out from what is behind them by 4.5 to 1, drawings
// and outlines by 3 to 1, in light, in the dark and on paper.
func TestColours(t *testing.T) {
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(style, -1)
	if len(schemes) != 3 {
		t.Fatalf("%d schemes of colours, want 3", len(schemes))
	}
	for i, scheme := range schemes {
		colours := map[string]float64{}
		for _, c := range regexp.MustCompile(`--([a-z0-9]+): (#[0-9a-f]+);`).FindAllStringSubmatch(scheme[1], -1) {
			colours[c[1]] = luminance(t, c[2])
		}
		for name, l := range colours {
			want := 3.0
			switch name {
			case "ink", "soft", "link":
				want = 4.5
			case "surface", "raised", "rule":
				continue
			}
			for _, behind := range []string{"surface", "raised"} {
				if got := contrast(l, colours[behind]); got < want {
					t.Errorf("scheme %d: %s stands out from %s by %.1f, want %.1f", i, name, behind, got, want)
				}
			}
		}
		if len(colours) < 13 {
			t.Errorf("scheme %d has %d colours", i, len(colours))
		}
	}
}

// luminance is as the Web Content Accessibility Guidelines define it.
func luminance(t *testing.T, colour string) float64 {
	hex := strings.TrimPrefix(colour, "#")
	if len(hex) == 3 {
		hex = hex[:1] + hex[:1] + hex[1:2] + hex[1:2] + hex[2:] + hex[2:]
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		t.Fatalf("%s is no colour", colour)
	}
	linear := func(shift int) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }
