package vitals

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseTag(t *testing.T) {
	for kind, names := range map[string]string{
		"release": `v1.2.3 1.2.3 v1.2 1.2.3.4 edge-24.11.1 stable-2.14.0 chart-1.0.0 api/v0.36.1 client/pkg/v3.5.0
			wash-cli-v0.20.0 provider-blobstore-s3-v0.1.0 pkg@1.2.3 @scope/pkg@1.2.3 release-1.20.0 release/v1.0 version-2.0
			Release_1.2.3 go1.21.3 jdk-17.0.2 curl-8_5_0 REL_15_3 2024-05-01 release-20240115 2024.05.01 v255 release-v255
			v1.2.3+k3s1 v1.2.3-gke.1 v1.2.3-1 v1.2.3+rc1 V1.0 v1.2.3_plus_git 1.0.post1 v1.2.3-hotfix test-util-v0.1.0 swift-5.9-RELEASE`,
		"prerelease": `v1.2.3-rc.1 v1.2.3-rc1 v1.2.3-RC.1 v1.2.3rc1 v1.2.3-alpha v1.2.3-beta.2+build 1.0a1 1.0b2 1.0rc1
			1.0.dev3 v1.0.pre.1 v1.0-preview.2 v0.15.0-dev api/v3.6.0-rc.0 nightly-2024.05.01 snapshot/1.2.3 v2.0-m3 v1.0.0-SNAPSHOT
			v1.0.0-canary.7 v1.0-next.1`,
		"none": `latest stable main v1 1 v12 rc1 docs nightly issue-1234 r1234 build-77 1234 deadbeef sprint12 v 1. .1 a.b`,
	} {
		for name := range strings.FieldsSeq(names) {
			ok, prerelease := ParseTag(name)
			got := "none"
			if prerelease {
				got = "prerelease"
			} else if ok {
				got = "release"
			}
			if got != kind {
				t.Errorf("%s is %s, want %s", name, got, kind)
			}
		}
	}
}

func TestReleases(t *testing.T) {
	names := []string{"latest"}
	for i := range 3 * mostTags {
		names = append(names, fmt.Sprintf("v%d.%d.0", i/100, i%100))
	}
	got := Releases(names)
	if len(got) != mostTags || got[0] != "v59.99.0" || got[mostTags-1] != "v40.0.0" {
		t.Errorf("of many tags, %d are chosen, from %s to %s", len(got), got[0], got[len(got)-1])
	}
	if got := Releases(names[:4]); !slices.Equal(got, names[1:4]) {
		t.Errorf("of few tags, %q are chosen", got)
	}
}

// FuzzParseTag: a prerelease is a version, what a plus sign adds is no matter,
// and neither is a folder before it.
func FuzzParseTag(f *testing.F) {
	f.Add("v1.2.3-rc.1")
	f.Add("20240101-x")
	f.Add("pkg/v1.0b1")
	f.Fuzz(func(t *testing.T, name string) {
		ok, prerelease := ParseTag(name)
		if prerelease && !ok {
			t.Errorf("%q is a prerelease and no version", name)
		}
		if !ok || len(name) > longestTag-10 {
			return
		}
		if again, pre := ParseTag(name + "+alpha"); again && pre != prerelease && !strings.HasSuffix(name, "v") {
			t.Errorf("%q and %[1]q+alpha differ", name)
		}
		if len(numbers(name)) == 0 {
			t.Errorf("%q is a version without a number", name)
		}
	})
}
