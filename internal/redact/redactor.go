// Package redact replaces strings of a server that share anything with a secret that the client
// knows.
package redact

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"html"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tenantkit/tenantkit"
)

const (
	// gramBytes is the length of the pieces by which a secret is recognized. It fits into a
	// uint64.
	gramBytes = 8
	// maxRecent is how many secrets a Redactor remembers besides the pinned ones, and
	// maxRecentBytes how many bytes they may have.
	maxRecent, maxRecentBytes = 1000, 256 << 10
	// maxPinned is how many pinned values a Redactor remembers.
	maxPinned = 64
	// maxSecretBytes is how much of one secret is compared.
	maxSecretBytes = 16 << 10
	// maxSingle is how much of a string is compared after undoing each encoding alone. Errors
	// show less of it.
	maxSingle = 8 << 10
	// maxRounds is how many encodings on top of each other are undone.
	maxRounds = 3
)

// A Redactor drops strings of a server that share anything with a secret that it knows. Strings are
// compared by their letters and digits in lower case, as they are and after each common decoding,
// so that no escaping hides a secret. The cost is linear in the string, whatever the number of
// secrets. It is safe for concurrent use, and its zero value is ready.
type Redactor struct {
	mu          sync.RWMutex
	known       map[tenantkit.Secret]struct{} // those in recent
	recent      []recent                      // the oldest first
	recentBytes int
	pinned      map[uint64]*pin // by the hash of their values
	seed        maphash.Seed
	uses        atomic.Int64 // of pins
	pending     int          // the secrets at the end of recent that are not in index
	index       index
	forgotten   int // bytes of secrets that are in index only
}

// recent is a secret and how much of it is compared.
type recent struct {
	tenantkit.Secret
	size int
}

// A pin is a value, such as that of an Authorization header, with the secrets in it.
type pin struct {
	secrets []tenantkit.Secret
	used    atomic.Int64 // the greater, the later
}

// Add remembers secrets until many others were added.
func (r *Redactor) Add(secrets ...tenantkit.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = make(map[tenantkit.Secret]struct{})
	}
	for _, secret := range secrets {
		if _, known := r.known[secret]; known || secret.IsZero() {
			continue
		}
		r.known[secret] = struct{}{}
		r.recent = append(r.recent, recent{secret, size(secret)})
		r.recentBytes += size(secret)
		r.pending++
		for len(r.recent) > maxRecent || r.recentBytes > maxRecentBytes && len(r.recent) > 1 {
			r.forgetOldest()
		}
	}
}

func (r *Redactor) forgetOldest() {
	oldest := r.recent[0]
	r.recent = r.recent[1:]
	delete(r.known, oldest.Secret)
	r.recentBytes -= oldest.size
	if r.pending > len(r.recent) {
		r.pending = len(r.recent) // it never was in index
	} else {
		r.forgotten += oldest.size
	}
}

// size returns the number of bytes of a secret that are compared.
func size(secret tenantkit.Secret) int { return min(len(secret.Reveal()), maxSecretBytes) }

// Pinned reports whether value was pinned, and keeps it from being forgotten.
func (r *Redactor) Pinned(value string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.pinned == nil {
		return false
	}
	p := r.pinned[maphash.String(r.seed, value)]
	if p != nil {
		p.used.Store(r.uses.Add(1))
	}
	return p != nil
}

// Pin remembers the secrets in value for good, unless many other values are used instead of it.
func (r *Redactor) Pin(value string, secrets ...tenantkit.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pinned == nil {
		r.pinned, r.seed = make(map[uint64]*pin), maphash.MakeSeed()
	}
	p := &pin{secrets: secrets}
	p.used.Store(r.uses.Add(1))
	r.pinned[maphash.String(r.seed, value)] = p
	for _, secret := range secrets {
		r.index.add(secret)
	}
	if len(r.pinned) <= maxPinned {
		return
	}
	var oldest uint64
	least := r.uses.Load()
	for hash, p := range r.pinned {
		if used := p.used.Load(); used < least {
			oldest, least = hash, used
		}
	}
	for _, secret := range r.pinned[oldest].secrets {
		r.forgotten += size(secret)
	}
	delete(r.pinned, oldest)
}

// update adds to index what was added since the last time. What was forgotten stays there for a
// while: building it again costs more.
func (r *Redactor) update() {
	r.mu.RLock()
	pending := r.pending
	r.mu.RUnlock()
	if pending == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forgotten > maxRecentBytes {
		r.index, r.forgotten, r.pending = index{}, 0, len(r.recent)
		for _, p := range r.pinned {
			for _, secret := range p.secrets {
				r.index.add(secret)
			}
		}
	}
	for _, known := range r.recent[len(r.recent)-r.pending:] {
		r.index.add(known.Secret)
	}
	r.pending = 0
}

// Field returns text, or [tenantkit.Redacted] if it shares anything with a known secret.
func (r *Redactor) Field(text string) string {
	if text == "" {
		return ""
	}
	r.update()
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.index.isEmpty() {
		return text
	}
	for decoded := range decodings(text) {
		if r.index.matches(decoded) {
			return tenantkit.Redacted
		}
	}
	return text
}

// Error returns err, or an error with the message [tenantkit.Redacted] if that of err shares
// anything with a known secret. It matches the same targets of [errors.Is], and cannot be
// unwrapped.
func (r *Redactor) Error(err error) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); r.Field(text) != text {
		return &redactedError{err: err}
	}
	return err
}

type redactedError struct{ err error }

func (e *redactedError) Error() string        { return tenantkit.Redacted }
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }

// Format keeps %+v and %#v from printing the wrapped error.
func (e *redactedError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, tenantkit.Redacted) }

// An index recognizes secrets.
type index struct {
	key     uint64
	grams   map[uint64]struct{} // hashes
	filter  []uint64            // a bit for each gram, since most strings have none
	shift   uint                // from a hash to the number of its bit
	short   [gramBytes]map[uint64]struct{}
	symbols []tenantkit.Secret // those without letters and digits
}

func (x *index) isEmpty() bool { return x.grams == nil && len(x.symbols) == 0 }

// add adds a secret as it is, in hexadecimal and in base64.
func (x *index) add(secret tenantkit.Secret) {
	if secret.IsZero() {
		return
	}
	if x.grams == nil {
		x.grams, x.key = make(map[uint64]struct{}), maphash.String(maphash.MakeSeed(), "")
		x.resize(1 << 14)
	}
	text := secret.Reveal()
	text = text[:min(len(text), maxSecretBytes)]
	if folded := fold(text); folded == "" {
		x.symbols = append(x.symbols, secret)
	} else if len(folded) < gramBytes {
		x.addShort(folded)
	} else {
		x.addGrams(folded)
	}
	x.addGrams(fold(hex.EncodeToString([]byte(text))))
	for shift := range 3 {
		// The letters at both ends of base64 depend on the neighbors.
		encoded := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00\x00"[:shift] + text))
		start, end := (shift*8+5)/6, len(encoded)-1
		x.addGrams(fold(encoded[min(start, end):end]))
	}
	if bits := 64 * len(x.filter); 8*len(x.grams) > bits {
		x.resize(4 * bits)
	}
}

func (x *index) addGrams(folded string) {
	var gram uint64
	for i := range len(folded) {
		gram = gram<<8 | uint64(folded[i])
		if i >= gramBytes-1 {
			h := x.hash(gram)
			x.grams[h] = struct{}{}
			x.filter[h>>x.shift>>6] |= 1 << (h >> x.shift & 63)
		}
	}
}

func (x *index) addShort(folded string) {
	var gram uint64
	for i := range len(folded) {
		gram = gram<<8 | uint64(folded[i])
	}
	if x.short[len(folded)] == nil {
		x.short[len(folded)] = make(map[uint64]struct{})
	}
	x.short[len(folded)][x.hash(gram)] = struct{}{}
}

// resize makes a filter of bits bits, a power of two.
func (x *index) resize(bits int) {
	x.filter, x.shift = make([]uint64, bits/64), 64
	for ; bits > 1; bits /= 2 {
		x.shift--
	}
	for h := range x.grams {
		x.filter[h>>x.shift>>6] |= 1 << (h >> x.shift & 63)
	}
}

// matches reports whether text shares anything with a secret.
func (x *index) matches(text string) bool {
	for _, secret := range x.symbols {
		if strings.Contains(text, secret.Reveal()) {
			return true
		}
	}
	short := make([]int, 0, gramBytes)
	for n := range x.short {
		if x.short[n] != nil {
			short = append(short, n)
		}
	}
	var gram uint64
	letters := 0
	for i := range len(text) {
		c := folded[text[i]]
		if c == 0 {
			continue
		}
		gram = gram<<8 | uint64(c)
		letters++
		if letters >= gramBytes {
			h := x.hash(gram)
			if bit := h >> x.shift; x.filter[bit>>6]&(1<<(bit&63)) != 0 {
				if _, found := x.grams[h]; found {
					return true
				}
			}
		}
		for _, n := range short {
			if _, found := x.short[n][x.hash(gram&(1<<(8*n)-1))]; found && letters >= n {
				return true
			}
		}
	}
	return false
}

// hash is different for each gram. It keeps the letters of secrets from being read in the index.
func (x *index) hash(gram uint64) uint64 {
	gram = (gram ^ x.key) * 0xd6e8feb86659fd93
	return gram ^ gram>>32
}

// folded has the ASCII letters and digits in lower case, all bytes above ASCII, and 0 for all
// others.
const folded = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x000123456789\x00\x00\x00\x00\x00\x00" +
	"\x00abcdefghijklmnopqrstuvwxyz\x00\x00\x00\x00\x00" +
	"\x00abcdefghijklmnopqrstuvwxyz\x00\x00\x00\x00\x00" +
	"\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f" +
	"\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf" +
	"\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf" +
	"\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"

// fold returns the letters and digits of text, see folded.
func fold(text string) string {
	kept := make([]byte, 0, len(text))
	for i := range len(text) {
		if c := folded[text[i]]; c != 0 {
			kept = append(kept, c)
		}
	}
	return string(kept)
}

// A decoder undoes an encoding that makes use of the marker.
type decoder struct {
	marker byte
	decode func(string) string
}

func (d *decoder) undo(text string) string {
	if strings.IndexByte(text, d.marker) < 0 {
		return text
	}
	return d.decode(text)
}

var decoders = [...]decoder{
	{'%', unescapePercent},
	{'\\', unescapeBackslash},
	{'&', html.UnescapeString},
	{'=', unescapeQuotedPrintable},
}

// decodings yields text as it is, with each encoding undone, and with several of them undone.
func decodings(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !yield(text) {
			return
		}
		// An escape of one encoding may be part of the secret in another.
		start := text[:min(len(text), maxSingle)]
		for _, d := range decoders {
			if decoded := d.undo(start); decoded != start && !yield(decoded) {
				return
			}
		}
		for range maxRounds {
			decoded := text
			for _, d := range decoders {
				decoded = d.undo(decoded)
			}
			if decoded == text || !yield(decoded) {
				return
			}
			text = decoded
		}
	}
}

// unescapePercent decodes each %XX, and keeps everything else.
func unescapePercent(text string) string { return unescapeHex(text, '%') }

// unescapeQuotedPrintable decodes each =XX, and keeps everything else: line breaks do not matter.
func unescapeQuotedPrintable(text string) string { return unescapeHex(text, '=') }

func unescapeHex(text string, marker byte) string {
	var decoded []byte
	start := 0 // of what is not in decoded
	for i := strings.IndexByte(text, marker); i >= 0 && i < len(text); {
		end := i + 1
		if c, ok := hexDigits(text[end:], 2); ok {
			if decoded == nil {
				decoded = make([]byte, 0, len(text))
			}
			end += 2
			decoded = append(append(decoded, text[start:i]...), byte(c))
			start = end
		}
		more := strings.IndexByte(text[end:], marker)
		if more < 0 {
			break
		}
		i = end + more
	}
	if decoded == nil {
		return text
	}
	return string(append(decoded, text[start:]...))
}

// hexDigits returns the number in the first n characters of text.
func hexDigits(text string, n int) (rune, bool) {
	if len(text) < n {
		return 0, false
	}
	var value rune
	for i := range n {
		c := text[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		value = value<<4 | rune(c)
	}
	return value, true
}
