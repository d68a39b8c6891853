package proof

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// bad is a value that makes good input bad, or odd.
type bad struct {
	what  string
	value any
}

// huge is longer than any name.
var huge = strings.Repeat("a", 10<<20)

var badTexts = []bad{
	{"empty", ""}, {"a dot", "."}, {"a step up", ".."}, {"a slash", "a/b"}, {"a slash alone", "/"}, {"an escaped slash", "a%2Fb"}, {"an escaped step up", "%2e%2e"},
	{"NUL", "a\x00b"}, {"CR LF", "a\r\nX-Evil: b"}, {"DEL", "a\x7fb"}, {"C1", "a\u0085b"}, {"invalid UTF-8", "a\xffb"}, {"half a surrogate", "a\xed\xa0\x80b"},
	{"marks of a URL", "a?b=c&d#e;f+g h\\i\"<>{}|^`@:"}, {"marks of another script", "ä\u202e𝄞\ufeff"}, {"10 MiB", huge},
}

// neverInPaths are the texts that cannot be one segment of a path, and neverSent those that no
// service can be sent.
var (
	neverInPaths = map[string]bool{
		"empty": true, "a dot": true, "a step up": true, "a slash": true, "a slash alone": true, "NUL": true, "CR LF": true, "DEL": true, "C1": true,
		"invalid UTF-8": true, "half a surrogate": true, "10 MiB": true,
	}
	neverSent = map[string]bool{"invalid UTF-8": true, "half a surrogate": true, "not JSON": true, "a name twice": true, "not UTF-8": true, "no number of JSON": true,
		"nested too deep": true, "negative": true, "year 10000": true, "year -1": true, "no JSON at all": true, "a text that is not UTF-8": true, "a name that is not UTF-8": true,
		"a function": true, "a channel": true, "a circle": true}
)

var badJSON = []bad{
	{"nil", json.RawMessage(nil)}, {"no JSON at all", json.RawMessage("")}, {"not JSON", json.RawMessage(`{"a":1},"b":{`)}, {"not UTF-8", json.RawMessage("\"a\xffb\"")},
	{"a name twice", json.RawMessage(`{"a":1,"a":2}`)}, {"no number of JSON", json.RawMessage(`[NaN]`)}, {"a number without end", json.RawMessage(`1e999999`)},
	{"nested too deep", json.RawMessage(strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000))},
}

var badTimes = []bad{{"year 10000", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, {"year -1", time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)}}

var secretType = reflect.TypeFor[tenantkit.Secret]()

// isText reports whether values of the type are strings, secret or not.
func isText(t reflect.Type) bool { return t.Kind() == reflect.String || t == secretType }

// badOf returns bad values of a type.
func badOf(t reflect.Type) []bad {
	switch t {
	case secretType:
		return badTexts
	case reflect.TypeFor[json.RawMessage]():
		return badJSON
	case reflect.TypeFor[time.Time]():
		return badTimes
	case reflect.TypeFor[autoid.LowerBound]():
		return []bad{{"year 10000", autoid.GTE(badTimes[0].value.(time.Time))}, {"year -1", autoid.GT(badTimes[1].value.(time.Time))}}
	case reflect.TypeFor[autoid.UpperBound]():
		return []bad{{"year 10000", autoid.LTE(badTimes[0].value.(time.Time))}, {"year -1", autoid.LT(badTimes[1].value.(time.Time))}}
	}
	switch t.Kind() {
	case reflect.String:
		return badTexts
	case reflect.Int, reflect.Int64:
		most := int64(math.MaxInt64)
		return []bad{{"negative", int64(-1)}, {"least", int64(math.MinInt64)}, {"most", most}}
	case reflect.Interface:
		all := []bad{{"a function", func() {}}, {"a channel", make(chan int)}, {"no number of JSON", math.NaN()}, {"a text that is not UTF-8", []string{"a\xffb"}},
			{"a circle", circle()}, {"a name that is not UTF-8", map[string]int{"a\xff": 1}}}
		return append(slices.DeleteFunc(all, func(b bad) bool { return !reflect.TypeOf(b.value).Implements(t) }), bad{"nil", nil})
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func:
		return []bad{{"nil", nil}}
	}
	return nil
}

func circle() any {
	m := map[string]any{}
	m["itself"] = m
	return m
}

// fill sets v, of whatever integer or text type, to the bad value.
func (b bad) as(t reflect.Type) reflect.Value {
	if b.value == nil {
		return reflect.Zero(t)
	}
	v := reflect.ValueOf(b.value)
	if t == secretType {
		return reflect.ValueOf(tenantkit.NewSecret(v.String()))
	}
	if t.Kind() == reflect.Interface {
		return v
	}
	return v.Convert(t)
}

// site is a place in the arguments of a call.
type site struct {
	path  string // "tenant.Info.Name"
	names []string
	is    reflect.Type
	set   func(reflect.Value)
	now   reflect.Value
}

// names of a site are what a ValidationError may call it: the last name in Go, that in JSON, and,
// for what has no name of its own, that of what it is in.
func (s site) named(field string) bool {
	for part := range strings.SplitSeq(field, ".") {
		if slices.ContainsFunc(s.names, func(name string) bool { return name != "" && strings.HasPrefix(plainName(part), plainName(name)) }) {
			return true
		}
	}
	// An object is named like the one of its fields that makes it what it is: tenant.ID is the
	// tenantID of a path.
	return plainName(strings.ReplaceAll(s.path, ".", "")) == plainName(field)
}

func plainName(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}

// sites calls visit with every place within v that can be set to something bad, v itself first.
func sites(v reflect.Value, path string, names []string, changed func(), visit func(site)) {
	set := func(to reflect.Value) { v.Set(to); changed() }
	visit(site{path, names, v.Type(), set, v})
	switch t := v.Type(); {
	case t == secretType || t == reflect.TypeFor[json.RawMessage]() || t == reflect.TypeFor[time.Time]():
	case t.Kind() == reflect.Pointer && !v.IsNil():
		sites(v.Elem(), path, names, changed, visit)
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if field := t.Field(i); field.IsExported() {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				// An embedded or inline field has no name of its own.
				own := append([]string{field.Name, name}, names...)
				if name != "" {
					own = own[:2]
				}
				sites(v.Field(i), path+"."+field.Name, own, changed, visit)
			}
		}
	case t.Kind() == reflect.Slice && v.Len() > 0:
		sites(v.Index(0), path+".0", names, changed, visit)
	case t.Kind() == reflect.Map && v.Len() > 0:
		key := slices.MinFunc(v.MapKeys(), func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		value := reflect.New(t.Elem()).Elem()
		value.Set(v.MapIndex(key))
		back := func() { v.SetMapIndex(key, value); changed() }
		sites(value, path+"[]", append([]string{key.String()}, names...), back, visit)
		rename := func(to reflect.Value) {
			v.SetMapIndex(to, v.MapIndex(key))
			v.SetMapIndex(key, reflect.Value{})
			changed()
		}
		visit(site{path + "[key]", names, t.Key(), rename, key})
	}
}

// isID tells whether the place is for a name of something, of which none is a mebibyte long.
func (s site) isID() bool {
	last := s.path[strings.LastIndexAny(strings.TrimSuffix(s.path, ".0"), ".")+1:]
	last = strings.TrimSuffix(last, ".0")
	return s.is.Kind() == reflect.String &&
		(strings.HasSuffix(last, "ID") || strings.HasSuffix(last, "Id") || strings.HasSuffix(last, "IDs") || idNames[last])
}

// idNames are names of fields and parameters that hold ids, and are not called so.
var idNames = map[string]bool{"id": true, "pid": true, "login": true, "Login": true, "User": true, "Entitlement": true, "Entitlements": true, "Next": true}
