// The patient was moved to another bed: the session goes on there, and this bed is free.
import { bedName, bedWords } from "../format.js";
import { html } from "../html.js";
import { openBed } from "../state/address.js";
import { beds } from "../state/ward.js";
import { Field, OneOf } from "./choice.js";
import { Sheet, missing } from "./sheet.js";
import { useWork } from "./work.js";

const ABOUT = `All that is recorded goes along: checks, doses, alarms, limits. The devices stay: put
  the oximeter and the cuff of the other bed on first. Until they measure, its alarms are unverified.`;

export function MoveSheet({ bed, session }) {
  const work = useWork(bed, session, "move", { to: null, reason: "" });
  const { values, field } = work;
  const free = (beds.value ?? []).filter((one) => one.id !== bed.id && !one.session);
  const to = free.find(({ id }) => id === values.to);
  const reason = values.reason.trim();
  const name = to ? `Move to ${inText(to)}` : "Move";
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Move to another bed"
      about=${ABOUT}
      name=${name}
      waits=${waitsOf(session, free, to)}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/move`,
          body: { bed: to.id, from: bed.id, ...(reason && { reason }) },
          words: `${session.patient} is at ${inText(to)}`,
          timed: false,
        })}
      again=${false}
      goes=${{ name: `Go to ${inText(bedOf(work.sent))}`, act: () => openBed(work.sent.body.bed) }}
    >
      <${OneOf}
        legend="The bed where the patient is now"
        name="to"
        options=${free.map((one) => [one.id, bedName(one)])}
        ...${field("to")}
      />
      <${Field} label="Why" hint="optional" maxlength="2000" ...${field("reason")} />
    <//>
  `;
}

const inText = (bed) => (bed ? bedWords(bed).replace(/^Bed/, "bed") : "the bed");
const bedOf = (sent) => beds.value?.find(({ id }) => id === sent?.body.bed);

function waitsOf(session, free, to) {
  if (session.ended_at) return "The session has ended";
  if (!free.length) return "Move: no other bed is free";
  return missing("Move", [!to && "the bed"]);
}
