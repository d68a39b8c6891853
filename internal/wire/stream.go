package wire

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrTooLong is the error of a value that is longer than its bound.
var ErrTooLong = errors.New("longer than the bound on a response")

// An Array reads the elements of a JSON array one at a time, in memory that does not grow with
// their number.
type Array struct {
	source  *meter
	decoder *jsontext.Decoder
}

// OpenArray reads up to the start of the array that is the member name of the outermost object, or,
// with no name, the outermost value itself. What stands before it is skipped. A null is an array
// without elements. Each element, and what is skipped before the first, may take up to maxBytes.
func OpenArray(r io.Reader, name string, maxBytes int64, options ...Options) (*Array, error) {
	m := &meter{r: r, max: maxBytes}
	a := &Array{source: m, decoder: jsontext.NewDecoder(m, options...)}
	if name != "" {
		if err := a.enter(name); err != nil {
			return nil, err
		}
	}
	token, err := a.token()
	if err != nil {
		return nil, err
	}
	if a.decoder.InputOffset() > maxBytes {
		return nil, ErrTooLong
	}
	switch token.Kind() {
	case '[':
		return a, nil
	case 'n':
		a.decoder = nil
		return a, nil
	default:
		return nil, shapeError("expected a list, got " + kindOfJSON(token.Kind()))
	}
}

// token reads one token.
func (a *Array) token() (jsontext.Token, error) {
	token, err := a.decoder.ReadToken()
	if err == io.EOF && a.source.err == io.EOF {
		return token, shapeError("it is empty")
	}
	return token, a.explain(err)
}

// enter reads up to the value of the member.
func (a *Array) enter(name string) error {
	token, err := a.token()
	if err != nil {
		return err
	}
	if token.Kind() != '{' {
		return shapeError("expected an object, got " + kindOfJSON(token.Kind()))
	}
	for {
		token, err := a.token()
		if err != nil {
			return err
		}
		if token.Kind() == '}' {
			return shapeError("the object has no member " + strconv.Quote(name))
		}
		if token.String() == name {
			return nil
		}
		if err := a.decoder.SkipValue(); err != nil {
			return a.explain(err)
		}
	}
}

// Next decodes the next element, and reports false at the end of the array.
func (a *Array) Next(into any) (bool, error) {
	if a.decoder == nil {
		return false, nil
	}
	a.source.mark = a.decoder.InputOffset()
	kind := a.decoder.PeekKind()
	// What separates elements is part of none, and has the same bound.
	unread := a.decoder.UnreadBuffer()
	separator := int64(len(unread) - len(bytes.TrimLeft(unread, ", \t\r\n")))
	if separator > a.source.max {
		return false, ErrTooLong
	}
	if kind == ']' {
		a.decoder = nil
		return false, nil
	}
	a.source.mark += separator
	if err := json.UnmarshalDecode(a.decoder, into); err != nil {
		return false, a.explain(err)
	}
	if a.decoder.InputOffset()-a.source.mark > a.source.max {
		return false, ErrTooLong
	}
	return true, nil
}

// explain puts the reader's own failure in the place of the syntax error that it caused.
func (a *Array) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case a.source.err != nil && a.source.err != io.EOF:
		return a.source.err
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	default:
		return explain(err)
	}
}

// shapeError is JSON of another shape than expected.
type shapeError string

func (e shapeError) Error() string { return string(e) }

// meter bounds what is read beyond the start of one element, and remembers why reading ended.
type meter struct {
	r         io.Reader
	read      int64 // bytes, from the start
	mark, max int64
	err       error
}

func (m *meter) Read(p []byte) (int, error) {
	if m.read-m.mark > m.max {
		m.err = ErrTooLong
		return 0, m.err
	}
	n, err := m.r.Read(p)
	m.read += int64(n)
	if err != nil {
		m.err = err
	}
	return n, err
}
