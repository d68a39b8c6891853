package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	codeBlock = regexp.MustCompile("(?ms)^```.*?^```")
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	target    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// slug returns the anchor that a heading gets.
func slug(text string) string {
	return strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
}

// deadLinks returns the relative links of a text in the folder that lead nowhere.
func deadLinks(text, folder string) []string {
	text = codeBlock.ReplaceAllString(text, "")
	var anchors, dead []string
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		anchors = append(anchors, slug(h[1]))
	}
	for _, link := range target.FindAllStringSubmatch(text, -1) {
		file, anchor, _ := strings.Cut(link[1], "#")
		switch {
		case strings.Contains(link[1], "://"):
			continue
		case file == "" && slices.Contains(anchors, anchor):
			continue
		case file != "":
			if _, err := os.Stat(filepath.Join(folder, filepath.FromSlash(file))); err == nil {
				continue
			}
		}
		dead = append(dead, link[1])
	}
	return dead
}

func TestLinksOfDocuments(t *testing.T) {
	t.Parallel()
	documents := 0
	err := filepath.WalkDir(top, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && file != top && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(file) != ".md" {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		documents++
		for _, link := range deadLinks(string(text), filepath.Dir(file)) {
			t.Errorf("%s: the link %s leads nowhere", file, link)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if documents < 10 {
		t.Errorf("%d documents were read", documents)
	}
}

func TestDeadLinks(t *testing.T) {
	t.Parallel()
	text := "# What `it` is, here\n[a](#what-it-is-here) [b](#elsewhere) [c](doc.go) [d](none.md#x) ![e](none.svg) [f](https://none.example)\n```\n[g](none)\n```\n"
	if got, want := deadLinks(text, "."), []string{"#elsewhere", "none.md#x", "none.svg"}; !slices.Equal(got, want) {
		t.Errorf("dead are %q, want %q", got, want)
	}
}
