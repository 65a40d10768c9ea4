import { attachmentsOf } from "../../virtual-patches/attachments.ts";
import { defineCriterion, PASS, refuse } from "../criterion.ts";

/**
 * G8: so many images and sounds, each of so many bytes. Never clamped, whatever `onExcess` says: leaving a picture out changes the question.
 *
 * That an image is one at all is the matter of `VP-G8-images`.
 */
export const images = defineCriterion({
	id: "images",
	title: "Images are not more and not larger than the role allows",
	why: "A vision encoder costs by the image, and its memory is taken from the model's.",
	reasons: ["parameter-denied"],
	advisories: [],
	concerns: ({ operation }) => (operation.class === "infer" || operation.id === "create") && operation.body === "json",
	judge({ subject, judged }) {
		const { imagesMax, imageBytesMax } = subject.parameters;
		const attachments = attachmentsOf(judged);
		if (attachments.length > imagesMax) return refuse("parameter-denied", `${attachments.length} images are more than ${imagesMax}`);
		for (const { field, base64 } of attachments) {
			const bytes = Math.floor((base64.length * 3) / 4);
			// Padding decodes to nothing.
			const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
			if (bytes - padding > imageBytesMax) return refuse("parameter-denied", `${field} has more than ${imageBytesMax} bytes`);
		}
		return PASS;
	},
});
