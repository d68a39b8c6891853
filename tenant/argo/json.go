package argo

import (
	"encoding/json"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// This file has the JSON of the types that keep unknown fields, see [wire.Encoder].

type tenantJSON struct {
	ID       string                     `json:"id,omitzero"`
	Info     Info                       `json:"info"`
	DBConf   []DBConf                   `json:"db_conf,omitempty"`
	Topology Topology                   `json:"topology"`
	Users    []User                     `json:"users,omitempty"`
	Extra    map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (t Tenant) MarshalJSON() ([]byte, error) { return wire.Marshal((*tenantJSON)(&t)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (t Tenant) MarshalJSONTo(enc *wire.Encoder) error { return wire.MarshalTo(enc, (*tenantJSON)(&t)) }

// UnmarshalJSON reads all fields, unknown ones into Extra.
func (t *Tenant) UnmarshalJSON(data []byte) error { return wire.Unmarshal(data, (*tenantJSON)(t)) }

// UnmarshalJSONFrom reads all fields, unknown ones into Extra.
func (t *Tenant) UnmarshalJSONFrom(dec *wire.Decoder) error {
	return wire.UnmarshalFrom(dec, (*tenantJSON)(t))
}

type infoJSON struct {
	Name        string                     `json:"name"`
	Email       string                     `json:"email"`
	Description string                     `json:"description"`
	Image       string                     `json:"image"`
	Website     string                     `json:"website"`
	Created     Time                       `json:"created,omitzero"`
	Updated     Time                       `json:"updated,omitzero"`
	Extra       map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (i Info) MarshalJSON() ([]byte, error) { return wire.Marshal((*infoJSON)(&i)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (i Info) MarshalJSONTo(enc *wire.Encoder) error { return wire.MarshalTo(enc, (*infoJSON)(&i)) }

// UnmarshalJSON reads all fields, unknown ones into Extra.
func (i *Info) UnmarshalJSON(data []byte) error { return wire.Unmarshal(data, (*infoJSON)(i)) }

// UnmarshalJSONFrom reads all fields, unknown ones into Extra.
func (i *Info) UnmarshalJSONFrom(dec *wire.Decoder) error {
	return wire.UnmarshalFrom(dec, (*infoJSON)(i))
}

type dbConfJSON struct {
	Store    string                     `json:"store"`
	Server   string                     `json:"server"`
	Port     int                        `json:"port"`
	Database string                     `json:"database"`
	Username string                     `json:"username"`
	Password tenantkit.Secret           `json:"password"`
	Extra    map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (d DBConf) MarshalJSON() ([]byte, error) { return wire.Marshal((*dbConfJSON)(&d)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (d DBConf) MarshalJSONTo(enc *wire.Encoder) error { return wire.MarshalTo(enc, (*dbConfJSON)(&d)) }

// UnmarshalJSON reads all fields, unknown ones into Extra.
func (d *DBConf) UnmarshalJSON(data []byte) error { return wire.Unmarshal(data, (*dbConfJSON)(d)) }

// UnmarshalJSONFrom reads all fields, unknown ones into Extra.
func (d *DBConf) UnmarshalJSONFrom(dec *wire.Decoder) error {
	return wire.UnmarshalFrom(dec, (*dbConfJSON)(d))
}

type topologyJSON struct {
	Type  string                     `json:"type"`
	Feed  string                     `json:"feed"`
	Extra map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (t Topology) MarshalJSON() ([]byte, error) { return wire.Marshal((*topologyJSON)(&t)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (t Topology) MarshalJSONTo(enc *wire.Encoder) error {
	return wire.MarshalTo(enc, (*topologyJSON)(&t))
}

// UnmarshalJSON reads all fields, unknown ones into Extra.
func (t *Topology) UnmarshalJSON(data []byte) error { return wire.Unmarshal(data, (*topologyJSON)(t)) }

// UnmarshalJSONFrom reads all fields, unknown ones into Extra.
func (t *Topology) UnmarshalJSONFrom(dec *wire.Decoder) error {
	return wire.UnmarshalFrom(dec, (*topologyJSON)(t))
}

type userJSON struct {
	ID     string                     `json:"id,omitzero"`
	Name   string                     `json:"name,omitzero"`
	Email  string                     `json:"email,omitzero"`
	APIKey tenantkit.Secret           `json:"api_key,omitzero"`
	Roles  []Role                     `json:"roles,omitempty"`
	Extra  map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (u User) MarshalJSON() ([]byte, error) { return wire.Marshal((*userJSON)(&u)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (u User) MarshalJSONTo(enc *wire.Encoder) error { return wire.MarshalTo(enc, (*userJSON)(&u)) }

// UnmarshalJSON reads all fields, unknown ones into Extra.
func (u *User) UnmarshalJSON(data []byte) error { return wire.Unmarshal(data, (*userJSON)(u)) }

// UnmarshalJSONFrom reads all fields, unknown ones into Extra.
func (u *User) UnmarshalJSONFrom(dec *wire.Decoder) error {
	return wire.UnmarshalFrom(dec, (*userJSON)(u))
}

type statusJSON struct {
	Total        bool                       `json:"total_status,omitzero"`
	AMS          AMS                        `json:"ams"`
	HDFS         HDFS                       `json:"hdfs"`
	EngineConfig bool                       `json:"engine_config"`
	LastCheck    string                     `json:"last_check"`
	Extra        map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (s Status) MarshalJSON() ([]byte, error) { return wire.Marshal((*statusJSON)(&s)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (s Status) MarshalJSONTo(enc *wire.Encoder) error { return wire.MarshalTo(enc, (*statusJSON)(&s)) }

// UnmarshalJSON reads all fields, unknown ones into Extra.
func (s *Status) UnmarshalJSON(data []byte) error { return wire.Unmarshal(data, (*statusJSON)(s)) }

// UnmarshalJSONFrom reads all fields, unknown ones into Extra.
func (s *Status) UnmarshalJSONFrom(dec *wire.Decoder) error {
	return wire.UnmarshalFrom(dec, (*statusJSON)(s))
}

type amsJSON struct {
	MetricData AMSProject                 `json:"metric_data"`
	SyncData   AMSProject                 `json:"sync_data"`
	Extra      map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (a AMS) MarshalJSON() ([]byte, error) { return wire.Marshal((*amsJSON)(&a)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (a AMS) MarshalJSONTo(enc *wire.Encoder) error { return wire.MarshalTo(enc, (*amsJSON)(&a)) }

// UnmarshalJSON reads all fields, unknown ones into Extra.
func (a *AMS) UnmarshalJSON(data []byte) error { return wire.Unmarshal(data, (*amsJSON)(a)) }

// UnmarshalJSONFrom reads all fields, unknown ones into Extra.
func (a *AMS) UnmarshalJSONFrom(dec *wire.Decoder) error {
	return wire.UnmarshalFrom(dec, (*amsJSON)(a))
}

type amsProjectJSON struct {
	Ingestion       bool                       `json:"ingestion"`
	Publishing      bool                       `json:"publishing"`
	StatusStreaming bool                       `json:"status_streaming"`
	MessagesArrived int64                      `json:"messages_arrived"`
	Extra           map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (a AMSProject) MarshalJSON() ([]byte, error) { return wire.Marshal((*amsProjectJSON)(&a)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (a AMSProject) MarshalJSONTo(enc *wire.Encoder) error {
	return wire.MarshalTo(enc, (*amsProjectJSON)(&a))
}

// UnmarshalJSON reads all fields, unknown ones into Extra.
func (a *AMSProject) UnmarshalJSON(data []byte) error {
	return wire.Unmarshal(data, (*amsProjectJSON)(a))
}

// UnmarshalJSONFrom reads all fields, unknown ones into Extra.
func (a *AMSProject) UnmarshalJSONFrom(dec *wire.Decoder) error {
	return wire.UnmarshalFrom(dec, (*amsProjectJSON)(a))
}

type hdfsJSON struct {
	MetricData bool                       `json:"metric_data"`
	SyncData   map[string]SyncData        `json:"sync_data,omitempty"`
	Extra      map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (h HDFS) MarshalJSON() ([]byte, error) { return wire.Marshal((*hdfsJSON)(&h)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (h HDFS) MarshalJSONTo(enc *wire.Encoder) error { return wire.MarshalTo(enc, (*hdfsJSON)(&h)) }

// UnmarshalJSON reads all fields, unknown ones into Extra.
func (h *HDFS) UnmarshalJSON(data []byte) error { return wire.Unmarshal(data, (*hdfsJSON)(h)) }

// UnmarshalJSONFrom reads all fields, unknown ones into Extra.
func (h *HDFS) UnmarshalJSONFrom(dec *wire.Decoder) error {
	return wire.UnmarshalFrom(dec, (*hdfsJSON)(h))
}

type syncDataJSON struct {
	AggregationProfile   bool                       `json:"aggregation_profile"`
	BlankRecomputation   bool                       `json:"blank_recomputation"`
	ConfigurationProfile bool                       `json:"configuration_profile"`
	Downtimes            bool                       `json:"downtimes"`
	GroupEndpoints       bool                       `json:"group_endpoints"`
	GroupGroups          bool                       `json:"group_groups"`
	MetricProfile        bool                       `json:"metric_profile"`
	OperationsProfile    bool                       `json:"operations_profile"`
	Weights              bool                       `json:"weights"`
	Extra                map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON returns all fields, those in Extra included.
func (s SyncData) MarshalJSON() ([]byte, error) { return wire.Marshal((*syncDataJSON)(&s)) }

// MarshalJSONTo writes all fields, those in Extra included.
func (s SyncData) MarshalJSONTo(enc *wire.Encoder) error {
	return wire.MarshalTo(enc, (*syncDataJSON)(&s))
}

// UnmarshalJSON reads all fields, unknown ones into Extra, and either spelling of
// blank_recomputation.
func (s *SyncData) UnmarshalJSON(data []byte) error { return wire.Unmarshal(data, s) }

// UnmarshalJSONFrom reads all fields, unknown ones into Extra, and either spelling of
// blank_recomputation.
func (s *SyncData) UnmarshalJSONFrom(dec *wire.Decoder) error {
	if err := wire.UnmarshalFrom(dec, (*syncDataJSON)(s)); err != nil || s == nil {
		return err
	}
	// The server's documentation has this spelling, without the second "t".
	if misspelt, there := s.Extra["blank_recompuation"]; there {
		delete(s.Extra, "blank_recompuation")
		if len(s.Extra) == 0 {
			s.Extra = nil
		}
		s.BlankRecomputation = s.BlankRecomputation || string(misspelt) == "true"
	}
	return nil
}
