package keboola

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// component is the service's name in the index of services.
const component = "gooddata-provisioning"

// discoverBaseURL is an operation of another service, the Storage API.
var discoverBaseURL = rest.Operation{Service: service, Name: "DiscoverBaseURL", Method: http.MethodGet, Path: "/v2/storage", Class: tenantkit.Read}

// index is the part of the Storage API's index that tells of other services.
type index struct {
	Services []struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	} `json:"services"`
}

func (i *index) find() (string, error) {
	for _, s := range i.Services {
		if s.ID == component {
			return s.URL, nil
		}
	}
	return "", fmt.Errorf("none of its %d services is %s: this stack does not offer it", len(i.Services), component)
}

// DiscoverBaseURL asks a Keboola Connection for the URL of its GoodData provisioning service:
// connectionURL is that of the stack's user interface, such as https://connection.keboola.com. It
// needs no token. A stack without the service is an error.
//
// The URL found is one that [NewClient] takes under the same options: by https, or on a loopback
// address, or with WithInsecureHTTP. It is retried like any read.
//
// The index of services is described at https://keboola.docs.apiary.io.
func DiscoverBaseURL(ctx context.Context, connectionURL string, opts ...tenantkit.Option) (string, error) {
	// A transport of the call's own, under the caller's options, so that no connection outlives
	// the call.
	transport := tenantkit.NewTransport()
	defer transport.CloseIdleConnections()
	opts = append([]tenantkit.Option{tenantkit.WithHTTPClient(&http.Client{Transport: transport})}, opts...)

	op := &discoverBaseURL
	client, err := rest.New(rest.API{Service: service, ReadError: readError}, connectionURL, opts)
	if err != nil {
		return "", renamed(err, op.Name)
	}
	var (
		response index
		found    string
	)
	err = client.Do(ctx, op, rest.Call{Into: &response, Check: func() error {
		if found, err = response.find(); err != nil {
			return err
		}
		var invalid *tenantkit.ValidationError
		if _, err := rest.New(rest.API{}, found, opts); errors.As(err, &invalid) {
			return fmt.Errorf("its URL of %s cannot be used: %s", component, invalid.Reason)
		}
		return nil
	}}, nil)
	if err != nil {
		return "", err
	}
	return found, nil
}

// renamed tells of the discovery where the pipeline speaks of the making of a client.
func renamed(err error, operation string) error {
	var invalid *tenantkit.ValidationError
	if errors.As(err, &invalid) {
		invalid.Operation = operation
		if invalid.Field == "baseURL" {
			invalid.Field = "connectionURL"
		}
	}
	return err
}
