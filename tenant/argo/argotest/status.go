package argotest

import (
	"encoding/json"
	"maps"
	"net/http"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// A Status is the state of the ARGO engine for one tenant.
type Status struct {
	// TotalStatus is worked out by the server on each read, whatever was sent.
	TotalStatus bool `json:"total_status"`
	// The others are as they were sent.
	AMS          AMS    `json:"ams"`
	HDFS         HDFS   `json:"hdfs"`
	EngineConfig bool   `json:"engine_config"`
	LastCheck    string `json:"last_check"`
}

// AMS is the part of a Status about the messaging service.
type AMS struct {
	// MetricData and SyncData are its two streams.
	MetricData AMSNode `json:"metric_data"`
	SyncData   AMSNode `json:"sync_data"`
}

// AMSNode is the state of one stream of messages.
type AMSNode struct {
	// All four count for the total but MessagesArrived.
	Ingestion       bool  `json:"ingestion"`
	Publishing      bool  `json:"publishing"`
	StatusStreaming bool  `json:"status_streaming"`
	MessagesArrived int64 `json:"messages_arrived"`
}

// HDFS is the part of a Status about the file system. SyncData goes by the name of a report.
type HDFS struct {
	// All that is false here makes the total false.
	MetricData bool                `json:"metric_data"`
	SyncData   map[string]SyncData `json:"sync_data,omitempty"`
}

// SyncData says which inputs of a report are there.
type SyncData struct {
	// All that is false here makes the total false.
	AggregationProfile   bool `json:"aggregation_profile"`
	BlankRecomputation   bool `json:"blank_recomputation"`
	ConfigurationProfile bool `json:"configuration_profile"`
	Downtimes            bool `json:"downtimes"`
	GroupEndpoints       bool `json:"group_endpoints"`
	GroupGroups          bool `json:"group_groups"`
	MetricProfile        bool `json:"metric_profile"`
	OperationsProfile    bool `json:"operations_profile"`
	Weights              bool `json:"weights"`
}

// clone returns a copy as it is read, which is with its total.
func (s Status) clone() Status {
	s.HDFS.SyncData = maps.Clone(s.HDFS.SyncData)
	s.TotalStatus = s.total()
	return s
}

func (n AMSNode) ok() bool {
	return n.Ingestion && n.Publishing && n.StatusStreaming
}

// total says whether every flag is set; no report at all is as good as reports in order.
func (s Status) total() bool {
	for _, report := range s.HDFS.SyncData {
		if report != (SyncData{true, true, true, true, true, true, true, true, true}) {
			return false
		}
	}
	return s.EngineConfig && s.HDFS.MetricData && s.AMS.MetricData.ok() && s.AMS.SyncData.ok()
}

func (s *Server) getStatus(r *Request, _ Role) fake.Response {
	tenant := s.find(r.Value("tenantID"))
	if tenant == nil {
		return tenantNotFound(r)
	}
	var status Status
	if tenant.Status != nil {
		status = tenant.Status.clone()
	}
	return success(r, http.StatusOK, "Success", []struct {
		ID     string `json:"id"`
		Info   Info   `json:"info"`
		Status Status `json:"status"`
	}{{tenant.ID, tenant.Info, status}})
}

func (s *Server) updateStatus(r *Request, _ Role) fake.Response {
	var status Status
	if json.Unmarshal(r.Body, &status) != nil {
		return malformed(r)
	}
	tenant := s.find(r.Value("tenantID"))
	if tenant == nil {
		return tenantNotFound(r)
	}
	changed := *tenant
	changed.Status = &status
	if changed.tooLarge() {
		return crashed()
	}
	*tenant = changed
	return success(r, http.StatusOK, "Tenant successfully updated", nil)
}
