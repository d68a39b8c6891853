package secrettest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
)

const marker = "MARKER-s3cr3t"

// An inner value has secrets in fields that no library can ask how to show them.
type inner struct {
	hidden  tenantkit.Secret
	pointer *tenantkit.Secret
	list    []tenantkit.Secret
	keys    map[tenantkit.Secret]tenantkit.Secret
	any     any
}

// A vault has secrets wherever a value can be.
type vault struct {
	Name       string
	Secret     tenantkit.Secret
	Pointer    *tenantkit.Secret
	List       []tenantkit.Secret
	Array      [2]tenantkit.Secret
	Map        map[string]tenantkit.Secret
	Keys       map[tenantkit.Secret]string
	Any        any
	Next       *vault
	in         inner
	unexported tenantkit.Secret
	deep       *inner
}

func newVault() vault {
	secret := tenantkit.NewSecret(marker)
	in := inner{
		hidden: secret, pointer: &secret, list: []tenantkit.Secret{secret}, keys: map[tenantkit.Secret]tenantkit.Secret{secret: secret}, any: secret,
	}
	v := vault{
		Name: "name", Secret: secret, Pointer: &secret, List: []tenantkit.Secret{secret}, Array: [2]tenantkit.Secret{secret, secret},
		Map: map[string]tenantkit.Secret{"a": secret}, Keys: map[tenantkit.Secret]string{secret: "x"}, Any: secret, in: in, unexported: secret, deep: &in,
	}
	next := v
	v.Next = &next
	return v
}

// values returns secrets in all kinds of values.
func values() map[string]any {
	secret, v := tenantkit.NewSecret(marker), newVault()
	return map[string]any{
		"secret": secret, "pointer": &secret, "slice": []tenantkit.Secret{secret}, "array": [1]tenantkit.Secret{secret}, "pointers": []*tenantkit.Secret{&secret},
		"map": map[string]tenantkit.Secret{"a": secret}, "key": map[tenantkit.Secret]int{secret: 1}, "any": []any{secret, &secret}, "struct": v,
		"pointer to struct": &v, "structs": []vault{v}, "unexported": v.in, "plain struct": struct{ A, B tenantkit.Secret }{secret, secret},
	}
}

// patterns are the ways in which the beginning of the marker may be printed, in lower case.
var patterns = func() []string {
	start := strings.ToLower(marker)[:7]
	all := []string{start, strings.ToLower(base64.StdEncoding.EncodeToString([]byte(marker)))[:8]}
	for _, original := range []string{marker[:7], start} {
		for _, format := range []string{"%x", "% x", "%#x", "%d", "%#v", "%v", "%o", "%b", "%U", "%c"} {
			text := strings.ToLower(fmt.Sprintf(format, []byte(original)))
			if i := strings.IndexByte(text, '{'); i >= 0 {
				text = text[i:]
			}
			all = append(all, strings.Trim(text, "[]{}"))
		}
	}
	return all
}()

// wantHidden checks that a text does not show the marker.
func wantHidden(t *testing.T, how, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, pattern := range patterns {
		if strings.Contains(lower, pattern) {
			t.Errorf("%s: %q is in %s", how, pattern, text)
			return
		}
	}
}

// wantRedacted checks that a text shows that there is a secret, and not the marker.
func wantRedacted(t *testing.T, how, text string) {
	t.Helper()
	wantHidden(t, how, text)
	if !strings.Contains(text, tenantkit.Redacted) {
		t.Errorf("%s: %s", how, text)
	}
}

// The patterns recognize what they are to find.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		marker, strings.ToUpper(marker), fmt.Sprintf("%x", marker), fmt.Sprintf("% X", marker), fmt.Sprint([]byte(marker)), fmt.Sprintf("%#v", []byte(marker)),
		fmt.Sprintf("%#v", struct{ b []byte }{[]byte(marker)}), fmt.Sprintf("%q", marker), base64.URLEncoding.EncodeToString([]byte(marker)),
	} {
		found := false
		for _, pattern := range patterns {
			found = found || strings.Contains(strings.ToLower(text), pattern)
		}
		if !found {
			t.Errorf("not recognized: %s", text)
		}
	}
}
