package autoid

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// Timestamps tell when each kind of operation of a data sink was last done. The zero time stands
// for none: it is not sent, and is what is read where the service gives no time, null or an empty
// text.
//
// Times are sent in UTC, cut to milliseconds. They are read with any offset (UTC where none is
// given) and any fraction, with a blank in place of the T, and as a number of milliseconds since
// 1970; under the names autoCertifyTimestamp and auto_certify_timestamp alike, since the
// documentation shows both.
type Timestamps struct {
	// AutoCertify is autoCertifyTimestamp.
	AutoCertify time.Time
	// AutoRequest is autoRequestTimestamp.
	AutoRequest time.Time
	// Certify is certifyTimestamp.
	Certify time.Time
	// Revoke is revokeTimestamp.
	Revoke time.Time
	// RolePublish is rolePublishTimestamp.
	RolePublish time.Time
}

// MarshalJSON writes the times under the API's names.
func (t Timestamps) MarshalJSON() ([]byte, error) { return tenantkit.Reveal(t.sent()) }

// UnmarshalJSON reads the times under both spellings of their names.
func (t *Timestamps) UnmarshalJSON(data []byte) error {
	if t == nil {
		return wire.ErrNilPointer
	}
	var read timestampsRead
	if err := wire.Unmarshal(data, &read); err != nil {
		return err
	}
	*t = read.timestamps()
	return nil
}

// check names the time that cannot be written, and why.
func (t Timestamps) check() (field, reason string) {
	for _, named := range []struct {
		name string
		time time.Time
	}{
		{"autoCertifyTimestamp", t.AutoCertify}, {"autoRequestTimestamp", t.AutoRequest}, {"certifyTimestamp", t.Certify},
		{"revokeTimestamp", t.Revoke}, {"rolePublishTimestamp", t.RolePublish},
	} {
		if reason := badTime(named.time); reason != "" {
			return named.name, reason
		}
	}
	return "", ""
}

func badTime(t time.Time) string {
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		return fmt.Sprintf("the year %d has no four digits", year)
	}
	return ""
}

// timestampsSent are Timestamps as the documentation names them.
type timestampsSent struct {
	AutoCertify timestamp `json:"autoCertifyTimestamp,omitzero"`
	AutoRequest timestamp `json:"autoRequestTimestamp,omitzero"`
	Certify     timestamp `json:"certifyTimestamp,omitzero"`
	Revoke      timestamp `json:"revokeTimestamp,omitzero"`
	RolePublish timestamp `json:"rolePublishTimestamp,omitzero"`
}

// timestampsRead are Timestamps under either name.
type timestampsRead struct {
	timestampsSent
	OtherAutoCertify timestamp `json:"auto_certify_timestamp"`
	OtherAutoRequest timestamp `json:"auto_request_timestamp"`
	OtherCertify     timestamp `json:"certify_timestamp"`
	OtherRevoke      timestamp `json:"revoke_timestamp"`
	OtherRolePublish timestamp `json:"role_publish_timestamp"`
}

func (t Timestamps) sent() timestampsSent {
	return timestampsSent{timestamp(t.AutoCertify), timestamp(t.AutoRequest), timestamp(t.Certify), timestamp(t.Revoke), timestamp(t.RolePublish)}
}

func (r *timestampsRead) timestamps() Timestamps {
	return Timestamps{
		AutoCertify: r.AutoCertify.or(r.OtherAutoCertify),
		AutoRequest: r.AutoRequest.or(r.OtherAutoRequest),
		Certify:     r.Certify.or(r.OtherCertify),
		Revoke:      r.Revoke.or(r.OtherRevoke),
		RolePublish: r.RolePublish.or(r.OtherRolePublish),
	}
}

// timestamp is a time as the API writes it.
type timestamp time.Time

const timeFormat = "2006-01-02T15:04:05.000Z"

func (t timestamp) IsZero() bool { return time.Time(t).IsZero() }

func (t timestamp) or(other timestamp) time.Time {
	if t.IsZero() {
		return time.Time(other)
	}
	return time.Time(t)
}

func (t timestamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + time.Time(t).UTC().Format(timeFormat) + `"`), nil
}

func (t *timestamp) UnmarshalJSON(data []byte) error {
	// As the service writes it. What follows costs several times as much.
	var usual time.Time
	if err := usual.UnmarshalJSON(data); err == nil {
		*t = timestamp(usual.UTC())
		return nil
	}
	var text string
	if len(data) > 0 && data[0] == '"' {
		if err := wire.Unmarshal(data, &text); err != nil {
			return err
		}
	} else {
		text = string(data)
	}
	if text = strings.TrimSpace(text); text == "" || text == "null" {
		*t = timestamp{}
		return nil
	}
	parsed, err := parseTime(text)
	if err != nil {
		return err
	}
	*t = timestamp(parsed)
	return nil
}

// The layouts of times that are read; a fraction is taken after any of them.
var timeLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00",
	"2006-01-02T15:04", "2006-01-02",
}

// The first and the last millisecond that can be written with a year of four digits.
const minMilliseconds, maxMilliseconds = -62167219200000, 253402300799999

func parseTime(text string) (time.Time, error) {
	if ms, err := strconv.ParseFloat(text, 64); err == nil && ms >= minMilliseconds && ms <= maxMilliseconds {
		return time.UnixMilli(int64(ms)).UTC(), nil
	}
	upper := []byte(strings.ToUpper(text))
	if len(upper) > 10 && upper[10] == ' ' {
		upper[10] = 'T'
	}
	// A blank may also stand before the offset.
	plain := strings.ReplaceAll(string(upper), " ", "")
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, plain); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.64q is not a time", text)
}
