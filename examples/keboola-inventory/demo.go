package main

import (
	"fmt"
	"time"

	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

// startDemo starts a server with a made-up account, the same in each run. A slow one leaves time to
// see the progress, and to interrupt.
func startDemo(slow bool) *keboolatest.Server {
	day := time.Date(2021, 3, 1, 9, 0, 0, 0, time.UTC)
	server := keboolatest.NewServer(keboolatest.WithPageSize(5))
	for i := range 12 {
		project := keboolatest.Project{CreatedOn: day.AddDate(0, i, i)}
		if i%4 == 3 {
			project.Token, project.ExpiresOn = "keboola_demo", project.CreatedOn.AddDate(0, 0, 30)
		}
		server.AddProject(project)
	}
	for i := range 23 {
		server.AddUser(keboolatest.User{Login: fmt.Sprintf("person%02d@example.org", i+1), CreatedOn: day.AddDate(0, 0, 7*i)})
	}
	if slow {
		server.Fail("", keboolatest.Fault{Times: -1, Delay: 400 * time.Millisecond})
	}
	return server
}
