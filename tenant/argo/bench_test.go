package argo_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// answerWith returns a server in memory that answers with n tenants.
func respondWith(n int) http.RoundTripper {
	tenants := make([]string, n)
	for i := range tenants {
		tenants[i] = fmt.Sprintf(`{"id":"6ac7d684-1f8e-4a02-a502-%012d","info":{"name":"TENANT-%[1]d","email":"admin@tenant%[1]d.example.org","description":"Sites of tenant %[1]d",`+
			`"image":"","website":"https://tenant%[1]d.example.org","created":"2026-03-04 10:11:12","updated":"2026-03-05 10:11:12"},`+
			`"db_conf":[{"store":"main","server":"db.example.org","port":27017,"database":"argo_TENANT-%[1]d","username":"tenant","password":"not-a-real-password"}],`+
			`"topology":{"type":"GOCDB","feed":"gocdb.example.org"},"users":[{"id":"acb74194-553a-11e9-8647-%012[1]d","name":"Ada","email":"ada@tenant%[1]d.example.org",`+
			`"api_key":"0c9c6a0d66b1f4b0f7e5%[1]d","roles":["admin","viewer"]}]}`, i)
	}
	text := `{"status":{"message":"Success","code":"200"},"data":[` + strings.Join(tenants, ",") + `]}`
	return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text)), ContentLength: -1, Request: req,
		}, nil
	})
}

func BenchmarkTenants(b *testing.B) {
	open := func(n int) *argo.Client {
		client, err := argo.NewClient("https://argo.example.org/api/v2", auth.StaticToken("key"), tenantkit.WithHTTPClient(&http.Client{Transport: respondWith(n)}))
		if err != nil {
			b.Fatal(err)
		}
		return client
	}
	b.Run("GetTenant", func(b *testing.B) {
		client := open(1)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.GetTenant(b.Context(), "id"); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("ListTenants/tenants=%d", n), func(b *testing.B) {
			client := open(n)
			b.ReportAllocs()
			for b.Loop() {
				if list, err := client.ListTenants(b.Context()); err != nil || len(list) != n {
					b.Fatal(len(list), err)
				}
			}
		})
		b.Run(fmt.Sprintf("AllTenants/tenants=%d", n), func(b *testing.B) {
			client := open(n)
			b.ReportAllocs()
			for b.Loop() {
				got := 0
				for _, err := range client.AllTenants(b.Context()) {
					if err != nil {
						b.Fatal(err)
					}
					got++
				}
				if got != n {
					b.Fatalf("%d tenants", got)
				}
			}
		})
	}
}
