package keboolatest

import (
	"fmt"
	"net/http"

	"github.com/tenantkit/tenantkit/internal/fake"
)

type handler = func(*Request) fake.Response

// requestID is the name of the request that is being answered.
func (s *Server) requestID() string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.requests) }

// number names each request in the header of its answer.
func (s *Server) number(handle handler) handler {
	return func(r *Request) fake.Response {
		s.requests++
		response := handle(r)
		if response.Header == nil {
			response.Header = make(http.Header)
		}
		response.Header.Set("X-Amzn-Requestid", s.requestID())
		return response
	}
}

// guard refuses requests without a token that the server knows.
func (s *Server) guard(handle handler) handler {
	return func(r *Request) fake.Response {
		if !s.tokens[r.Header.Get("X-StorageApi-Token")] {
			return s.reject(http.StatusUnauthorized, "Invalid Storage API token")
		}
		return handle(r)
	}
}

func (s *Server) unlessMaintenance(handle handler) handler {
	return func(r *Request) fake.Response {
		if s.maintenance == nil {
			return handle(r)
		}
		response := fake.JSON(http.StatusServiceUnavailable, map[string]string{"status": "maintenance", "reason": s.maintenance.reason})
		if s.maintenance.retryAfter != "" {
			response.Header.Set("Retry-After", s.maintenance.retryAfter)
		}
		return response
	}
}

// reject is how the service itself tells of a failure.
func (s *Server) reject(status int, message string, args ...any) fake.Response {
	return fake.JSON(status, struct {
		ErrorMessage string `json:"errorMessage"`
		ErrorType    string `json:"errorType,omitempty"`
		RequestID    string `json:"requestId"`
	}{
		fmt.Sprintf(message, args...),
		map[int]string{http.StatusBadRequest: "BadRequest", http.StatusUnauthorized: "Unauthorized"}[status],
		s.requestID(),
	})
}

// applicationError is how the gateway before the service tells that the service broke down.
func (s *Server) applicationError() fake.Response {
	return fake.JSON(http.StatusInternalServerError, struct {
		ErrorMessage string `json:"errorMessage"`
		ErrorCode    int    `json:"errorCode"`
		APIRequestID string `json:"apiRequestId"`
	}{"Application Error", http.StatusInternalServerError, s.requestID()})
}

// noRoute is how the gateway answers what the service is not asked.
func (s *Server) noRoute(r *Request) fake.Response {
	return s.number(s.unlessMaintenance(func(*Request) fake.Response {
		return fake.JSON(http.StatusNotFound, struct {
			ErrorMessage string `json:"errorMessage"`
			ErrorCode    string `json:"errorCode"`
			APIRequestID string `json:"apiRequestId"`
		}{"Not Found", "404", s.requestID()})
	}))(r)
}

func noContent() fake.Response { return fake.Response{Status: http.StatusNoContent} }
