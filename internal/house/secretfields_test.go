package house

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// notSecret are fields that are named like a secret and hold none, with the reason.
var notSecret = map[string]string{
	"internal/rest: Operation.Credential":                 "the name of one of a client's credentials",
	"provisioning/keboola: NewProject.KeboolaToken":       "which of Keboola's own tokens to use, one of three names",
	"provisioning/keboola/keboolatest: Project.Token":     "the state of a fake, for tests to compare",
	"provisioning/keboola/keboolatest: User.Password":     "the state of a fake, for tests to compare",
	"security/infoworks/infoworkstest: User.Password":     "the state of a fake, for tests to seed and to compare",
	"security/infoworks/infoworkstest: User.RefreshToken": "the state of a fake, for tests to seed and to compare",
	"tenant/argo/argotest: DBConf.Password":               "the state of a fake, for tests to seed and to compare",
	"tenant/worklytics: SettingChange.Key":                "the name of a setting",
	"tenant/argo/argotest: User.APIKey":                   "the state of a fake, for tests to seed and to compare",
}

// TestFieldsNamedLikeSecrets walks every exported struct of the library and the examples: an
// exported field that is named like a password, a key, a token or a secret, and that contains a
// string, must be a tenantkit.Secret.
func TestFieldsNamedLikeSecrets(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, f := range folders(t) {
		if kindOf(f) == "checks" {
			continue
		}
		for _, field := range secretTextFields(slices.Collect(maps.Values(f.files))) {
			name := f.path + ": " + field
			used[name] = true
			if notSecret[name] == "" {
				t.Errorf("%s holds text and is named like a secret: make it a tenantkit.Secret, or say here why it is none", name)
			}
		}
	}
	for name := range notSecret {
		if !used[name] {
			t.Errorf("%s is excused, and is not there", name)
		}
	}
}

// secretTextFields returns the exported fields of a package's exported structs ("Type.Field",
// "Type.Field.Inner") that are named like a secret and hold text as it is.
func secretTextFields(files []*ast.File) []string {
	texts := map[string]bool{"string": true, "any": true}
	// A few rounds, since a type may be made from one that is declared behind it.
	for range 4 {
		eachType(files, func(name string, is ast.Expr) { texts[name] = texts[name] || holdsText(is, texts) })
	}
	var found []string
	eachType(files, func(name string, is ast.Expr) {
		if s, ok := is.(*ast.StructType); ok && ast.IsExported(name) {
			found = append(found, fieldsOf(name, s, texts)...)
		}
	})
	slices.Sort(found)
	return found
}

func eachType(files []*ast.File, visit func(name string, is ast.Expr)) {
	for _, file := range files {
		for _, decl := range file.Decls {
			types, ok := decl.(*ast.GenDecl)
			for i := 0; ok && types.Tok == token.TYPE && i < len(types.Specs); i++ {
				spec := types.Specs[i].(*ast.TypeSpec)
				visit(spec.Name.Name, spec.Type)
			}
		}
	}
}

func fieldsOf(name string, s *ast.StructType, texts map[string]bool) []string {
	var found []string
	for _, field := range s.Fields.List {
		for _, id := range field.Names {
			path := name + "." + id.Name
			if id.IsExported() && namedLikeSecret(id.Name) && holdsText(field.Type, texts) {
				found = append(found, path)
			}
			ast.Inspect(field.Type, func(node ast.Node) bool {
				if inner, ok := node.(*ast.StructType); ok {
					found = append(found, fieldsOf(path, inner, texts)...)
					return false
				}
				return true
			})
		}
	}
	return found
}

// holdsText tells whether values of the type show a text when they are printed: a string, bytes, or
// a pointer, slice or map of them.
func holdsText(is ast.Expr, texts map[string]bool) bool {
	switch is := is.(type) {
	case *ast.Ident:
		return texts[is.Name] && is.Name != "Secret"
	case *ast.StarExpr:
		return holdsText(is.X, texts)
	case *ast.ArrayType:
		element, ok := is.Elt.(*ast.Ident)
		return ok && element.Name == "byte" || holdsText(is.Elt, texts)
	case *ast.MapType:
		return holdsText(is.Value, texts)
	case *ast.SelectorExpr:
		return is.Sel.Name == "RawMessage" || is.Sel.Name == "Value" && isNamed(is.X, "jsontext")
	case *ast.InterfaceType:
		return is.Methods.NumFields() == 0
	}
	return false
}

func isNamed(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name
}

var secretWords = []string{"authorization", "claims", "cookie", "cookies", "credential", "credentials", "jwt", "key", "keys", "passphrase", "passwd", "password",
	"passwords", "pwd", "secret", "secrets", "token", "tokens"}

// namedLikeSecret looks at the words of a name: APIKey, api_key and ApiKey are all of "api" and
// "key".
func namedLikeSecret(name string) bool {
	for _, word := range words(name) {
		if slices.Contains(secretWords, word) {
			return true
		}
	}
	return strings.Contains(strings.ToLower(name), "apikey") || strings.Contains(strings.ToLower(name), "password")
}

func words(name string) []string {
	var all []string
	letters := []rune(name)
	begin := 0
	for i := 1; i <= len(letters); i++ {
		if i == len(letters) || letters[i] == '_' || unicode.IsUpper(letters[i]) && (!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1])) {
			all = append(all, strings.ToLower(strings.Trim(string(letters[begin:i]), "_")))
			begin = i
		}
	}
	return all
}

func TestSecretTextFields(t *testing.T) {
	t.Parallel()
	const text = `package p
type Text string
type Alias = Text
type Secret string
type (
	A struct {
		Password string
		APIKey, SSOToken Text
		ClientSecret *string
		Keys []string
		RefreshTokens map[string]string
		Raw_key []byte
		Credentials json.RawMessage
		Claims any
		UserPassword Alias
		Inner struct { Token string; Name string; List []struct{ Key Text } }
		Good Secret
		GoodToken Secret
		GoodKeys []Secret
		OtherToken tenantkit.Secret
		TokenSource auth.TokenSource
		TokenCount int
		KeyExpiry time.Time
		HasPassword bool
		Monkey, Tokenizer, Keyboard, Name string
		token string
		Function func() string
	}
)
type b struct { Token string }
func f() { type local struct { Password string } }
`
	want := []string{
		"A.APIKey", "A.Claims", "A.ClientSecret", "A.Credentials", "A.Inner.List.Key", "A.Inner.Token", "A.Keys", "A.Password", "A.Raw_key", "A.RefreshTokens",
		"A.SSOToken", "A.UserPassword",
	}
	if got := secretTextFields([]*ast.File{parse(t, text)}); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
