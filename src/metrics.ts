import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export interface Metrics {
  request(service: string, operation: string, status: number, ms: number): void
  /** Sets a gauge; made at first use. */
  gauge(name: string, help: string, value: number): void
  /** Sets a gauge with labels to these values and no others. */
  gauges<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    values: readonly (Record<L, string> & { value: number })[],
  ): void
  text(): Promise<string>
  contentType: string
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'nephos_' })
  const requests = new Counter({
    name: 'nephos_requests_total',
    help: 'Requests by service, operation and status',
    labelNames: ['service', 'operation', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'nephos_request_seconds',
    help: 'Time until the answer, by service',
    labelNames: ['service'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers: [registry],
  })
  const gauges = new Map<string, Gauge>()
  const series = new Map<string, { count: Counter.Internal; time: Histogram.Internal<'service'> }>()
  return {
    contentType: registry.contentType,
    request(service, operation, status, ms) {
      // To find a series by its labels costs more than to count: they are looked up once.
      const key = `${service} ${operation} ${status}`
      let known = series.get(key)
      if (!known) {
        known = { count: requests.labels({ service, operation, status }), time: seconds.labels({ service }) }
        series.set(key, known)
      }
      known.count.inc()
      known.time.observe(ms / 1000)
    },
    gauge(name, help, value) {
      let gauge = gauges.get(name)
      if (!gauge) {
        gauge = new Gauge({ name: `nephos_${name}`, help, registers: [registry] })
        gauges.set(name, gauge)
      }
      gauge.set(value)
    },
    gauges(name, help, labels, values) {
      let gauge = gauges.get(name)
      if (!gauge) {
        gauge = new Gauge({ name: `nephos_${name}`, help, labelNames: labels, registers: [registry] })
        gauges.set(name, gauge)
      }
      gauge.reset()
      for (const each of values) gauge.set(Object.fromEntries(labels.map((label) => [label, each[label]])), each.value)
    },
    text: () => registry.metrics(),
  }
}
