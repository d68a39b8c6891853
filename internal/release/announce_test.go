package release

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requireAnnounced fails where users of a release would not read that something is gone.
func requireAnnounced(t *testing.T, gone []string) {
	t.Helper()
	changelog, err := os.ReadFile(filepath.Join(top, "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	if missing := unannounced(string(changelog), gone); len(missing) > 0 {
		t.Fatalf("these are gone, and nothing under [Unreleased], Changed or Removed, in CHANGELOG.md names them:\n%s"+
			"Say there what users do instead; api/*.txt is left as it was.", list(missing))
	}
}

var declared = regexp.MustCompile(`: (?:const|var|func|method \([^)]*\)|type .+? (?:struct|interface),(?: embedded \*?(?:\w+\.)?)?|type) ?(\w+)`)

// unannounced returns those of the lines that are gone whose last name is in no entry on what
// changed or was removed. Before the first release there are no users to tell.
func unannounced(changelog string, gone []string) []string {
	_, rest, _ := strings.Cut(changelog, "\n## [Unreleased]\n")
	unreleased, _, released := strings.Cut(rest, "\n## [")
	if !released {
		return nil
	}
	var entries []string
	for section := range strings.SplitSeq(unreleased, "\n### ") {
		if title, text, _ := strings.Cut(section, "\n"); title == "Changed" || title == "Removed" {
			entries = append(entries, regexp.MustCompile(`\w+`).FindAllString(text, -1)...)
		}
	}
	var missing []string
	for _, line := range gone {
		if name := declared.FindStringSubmatch(line); name == nil || !slices.Contains(entries, name[1]) {
			missing = append(missing, line)
		}
	}
	return missing
}
